//! A page that was asked and answered → the same as a browser shows it, by the service of `[rendering]`. The page's own
//! host is asked once more by that, so its gate is held and its gap kept as for any other request.

use super::Shared;
use super::tower::Tower;
use super::work;
use crate::clock;
use crate::model::Reason;
use crate::net::RenderError;
use crate::net::client::Fetched;
use crate::poll::Validators;
use crate::schedule::wishes::Caching;
use crate::source::host_key;
use url::Url;

/// The answer of `fetched`'s address after its scripts have run, under that address. The caller is inside the gate of
/// the host of `asked`.
///
/// # Errors
/// Why the service gave none.
pub async fn show(shared: &Shared, tower: &Tower, asked: &Url, fetched: &Fetched) -> Result<Fetched, RenderError> {
    let Some(renderer) = &tower.renderer else {
        return Err(RenderError::Unreachable("`[rendering]` is not configured".to_owned()));
    };
    let host = host_key(&fetched.url);
    let pass = match &host {
        // Waited for within bounds: two that stand in each other's gates would wait for ever.
        Some(other) if host != host_key(asked) => {
            let entering = tokio::time::timeout(renderer.timeout(), work::enter(shared, other)).await;
            Some(entering.map_err(|_| RenderError::Busy(renderer.timeout()))?)
        }
        _ => {
            tokio::time::sleep(tower.config.politeness.gap.unsigned_abs()).await;
            None
        }
    };
    let rendered = renderer.render(&fetched.url).await;
    if let Some(pass) = pass {
        pass.leave(clock::now());
    }
    let rendered = rendered?;
    // Headers speak of the page without its scripts: a 304 would say nothing of what they fetch.
    Ok(Fetched {
        status: 200,
        not_modified: false,
        content_type: rendered.content_type,
        validators: Validators::default(),
        caching: Caching::default(),
        links: Vec::new(),
        body: rendered.body,
        ..fetched.clone()
    })
}

/// Why a page could not be read that the service did not show: what was wrong with the page itself is said, too.
pub fn in_vain(unread: Option<&Reason>, error: &RenderError) -> Reason {
    match unread {
        Some(Reason::NeedsScripts { detail }) => Reason::NeedsScripts { detail: format!("{detail}; {error}") },
        Some(reason) => Reason::NotRendered { detail: format!("{error}; without it: {reason}") },
        None => Reason::NotRendered { detail: error.to_string() },
    }
}

/// Why a page could not be read that the service did show, both findings named when they are the same.
pub fn still(before: Option<Reason>, after: Reason) -> Reason {
    match (before, after) {
        (Some(Reason::NeedsScripts { detail: before }), Reason::NeedsScripts { detail: after }) => {
            Reason::NeedsScripts { detail: format!("{before}; rendered: {after}") }
        }
        (Some(Reason::NeedsScripts { detail }), Reason::EmptyPage) => {
            Reason::NeedsScripts { detail: format!("{detail}; rendered: {}", Reason::EmptyPage) }
        }
        (_, after) => after,
    }
}

#[cfg(test)]
mod tests {
    use super::in_vain;
    use super::still;
    use crate::model::Reason;
    use crate::net::RenderError;

    fn shell() -> Reason {
        Reason::NeedsScripts { detail: "1 script and 3 words of text".into() }
    }

    #[test]
    fn what_is_wrong_with_the_page_is_said_beside_what_is_wrong_with_the_service() {
        let error = RenderError::Status(502);
        let both = in_vain(Some(&shell()), &error);
        assert_eq!(both.code(), "needs_scripts");
        let said = both.to_string();
        assert!(said.contains("1 script and 3 words of text") && said.contains("answered 502"), "{said}");
        assert_eq!(in_vain(None, &error).code(), "not_rendered");
        let other = in_vain(Some(&Reason::EmptyPage), &error);
        assert!(other.to_string().contains("no readable text"), "{other}");
    }

    #[test]
    fn a_page_that_stays_empty_is_still_one_that_needs_scripts() {
        for after in [shell(), Reason::EmptyPage] {
            let said = still(Some(shell()), after);
            assert_eq!(said.code(), "needs_scripts");
            assert!(said.to_string().contains("rendered"), "{said}");
        }
        let selector = Reason::SelectorEmpty { selector: "item `li`".into() };
        assert_eq!(still(Some(shell()), selector.clone()), selector);
    }
}
