//! SMTP on loopback → one `.eml` file per message, and a note of it on a channel.
//!
//! Speaks what a mail client needs of RFC 5321: EHLO, HELO, MAIL, RCPT, DATA, RSET, NOOP, QUIT, with 8BITMIME and
//! SMTPUTF8. 250 for a message means that its file is on the disk.

use super::subject::slug;
use super::subject::subject;
use std::io;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use tokio::io::AsyncBufReadExt as _;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::io::BufReader;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The longest message in bytes.
pub const LARGEST: usize = 10 * 1024 * 1024;
/// The longest command line in bytes; RFC 5321 asks for 512 and more with extensions.
const LONGEST_LINE: usize = 4096;

/// The server. It stops at [`Mailbox::close`].
pub struct Mailbox {
    address: SocketAddr,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// A message that lies in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Its file.
    pub file: PathBuf,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// Its subject, decoded.
    pub subject: String,
}

/// What every session shares.
struct Shelf {
    folder: PathBuf,
    next: AtomicU64,
    arrived: mpsc::Sender<Mail>,
}

impl Mailbox {
    /// Makes the folder if it is absent, binds a port of 127.0.0.1 and takes mail. The second value gives what arrives;
    /// when it is dropped mail is still taken.
    ///
    /// # Errors
    /// When the folder cannot be made or no port can be bound.
    pub async fn start(folder: PathBuf) -> io::Result<(Self, mpsc::Receiver<Mail>)> {
        tokio::fs::create_dir_all(&folder).await?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (arrived, arrivals) = mpsc::channel(64);
        let shelf = Arc::new(Shelf { folder, next: AtomicU64::new(1), arrived });
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        tasks.spawn(listen(listener, shelf, stop.clone(), tasks.clone()));
        Ok((Self { address, stop, tasks }, arrivals))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops listening and ends every session.
    pub async fn close(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

async fn listen(listener: TcpListener, shelf: Arc<Shelf>, stop: CancellationToken, tasks: TaskTracker) {
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "the mailbox could not take a connection");
                    continue;
                }
            },
        };
        let (shelf, stop) = (Arc::clone(&shelf), stop.clone());
        tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                ended = session(stream, &shelf) => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a mail session broke off");
                    }
                }
            }
        });
    }
}

/// One client, from greeting to QUIT or the end of the connection.
async fn session(stream: TcpStream, shelf: &Shelf) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut from: Option<String> = None;
    let mut to: Vec<String> = Vec::new();
    say(&mut stream, "220 mailbox.demo.test ESMTP").await?;
    loop {
        let Some(line) = line(&mut stream, LONGEST_LINE).await? else { return Ok(()) };
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
        let answer = match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                (from, to) = (None, Vec::new());
                &format!("250-mailbox.demo.test\r\n250-SIZE {LARGEST}\r\n250-8BITMIME\r\n250 SMTPUTF8")
            }
            "HELO" => {
                (from, to) = (None, Vec::new());
                "250 mailbox.demo.test"
            }
            "MAIL" => match path(rest, "FROM:") {
                Some(sender) if from.is_none() => {
                    from = Some(sender);
                    "250 2.1.0 sender ok"
                }
                Some(_) => "503 5.5.1 the sender was named already",
                None => "501 5.5.4 expected MAIL FROM:<address>",
            },
            "RCPT" => match path(rest, "TO:") {
                Some(_) if from.is_none() => "503 5.5.1 expected MAIL first",
                Some(recipient) if !recipient.is_empty() => {
                    to.push(recipient);
                    "250 2.1.5 recipient ok"
                }
                _ => "501 5.5.4 expected RCPT TO:<address>",
            },
            "DATA" if to.is_empty() => "503 5.5.1 expected MAIL and RCPT first",
            "DATA" => {
                say(&mut stream, "354 go ahead, end with a line that holds one dot").await?;
                let recipients = std::mem::take(&mut to);
                from = None;
                match message(&mut stream).await? {
                    None => "552 5.3.4 the message is too long",
                    Some(bytes) => &shelf.keep(recipients, &bytes).await,
                }
            }
            "RSET" => {
                (from, to) = (None, Vec::new());
                "250 2.0.0 forgotten"
            }
            "NOOP" => "250 2.0.0 still here",
            "QUIT" => return say(&mut stream, "221 2.0.0 goodbye").await,
            _ => "502 5.5.2 command not known",
        };
        say(&mut stream, answer).await?;
    }
}

async fn say(stream: &mut BufReader<TcpStream>, answer: &str) -> io::Result<()> {
    stream.get_mut().write_all(format!("{answer}\r\n").as_bytes()).await?;
    stream.get_mut().flush().await
}

/// The next line with its end; `None` at the end of the connection.
async fn line(stream: &mut BufReader<TcpStream>, longest: usize) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let read = (&mut *stream).take(longest as u64 + 1).read_until(b'\n', &mut line).await?;
    match read {
        0 => Ok(None),
        _ if line.len() > longest => Err(io::Error::new(io::ErrorKind::InvalidData, "a line is too long")),
        _ => Ok(Some(line)),
    }
}

/// The lines up to the single dot, dots unstuffed; `None` when they are too many, after reading them all.
async fn message(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let mut too_long = false;
    loop {
        let Some(line) = line(stream, LARGEST).await? else {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the message broke off"));
        };
        if matches!(line.as_slice(), b".\r\n" | b".\n") {
            return Ok((!too_long).then_some(bytes));
        }
        let line = line.strip_prefix(b".").unwrap_or(&line);
        too_long |= bytes.len() + line.len() > LARGEST;
        if !too_long {
            bytes.extend_from_slice(line);
        }
    }
}

/// The address between angle brackets behind `FROM:` or `TO:`.
fn path(rest: &str, keyword: &str) -> Option<String> {
    let (start, behind) = rest.trim_start().split_at_checked(keyword.len())?;
    if !start.eq_ignore_ascii_case(keyword) {
        return None;
    }
    let (address, _) = behind.trim_start().strip_prefix('<')?.split_once('>')?;
    Some(address.to_owned())
}

impl Shelf {
    /// Writes the message and tells of it. Returns the SMTP answer.
    async fn keep(&self, to: Vec<String>, bytes: &[u8]) -> String {
        let subject = subject(bytes);
        match self.write(&slug(&subject), bytes).await {
            Ok(file) => {
                let answer = format!("250 2.0.0 kept as {}", file.file_name().unwrap_or_default().display());
                if self.arrived.send(Mail { file, to, subject }).await.is_err() {
                    tracing::debug!("nobody listens for mail any more");
                }
                answer
            }
            Err(error) => {
                tracing::warn!(%error, folder = %self.folder.display(), "a mail could not be written");
                "451 4.3.0 the message could not be written".into()
            }
        }
    }

    /// A new file `NNNN-slug.eml` with these bytes, on the disk when this returns.
    async fn write(&self, slug: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if self.taken(number).await? {
                continue;
            }
            let path = self.folder.join(format!("{number:04}-{slug}.eml"));
            let mut file = match tokio::fs::File::create_new(&path).await {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            };
            file.write_all(bytes).await?;
            file.sync_all().await?;
            sync_folder(&self.folder).await?;
            return Ok(path);
        }
    }

    /// Whether an earlier run left a message with this number.
    async fn taken(&self, number: u64) -> io::Result<bool> {
        let prefix = format!("{number:04}-");
        let mut entries = tokio::fs::read_dir(&self.folder).await?;
        while let Some(entry) = entries.next_entry().await? {
            if entry.file_name().to_string_lossy().starts_with(&prefix) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// A new name is durable only when its folder is.
async fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        tokio::fs::File::open(folder).await?.sync_all().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Mailbox;
    use tokio::io::AsyncBufReadExt as _;
    use tokio::io::AsyncWriteExt as _;
    use tokio::io::BufReader;
    use tokio::net::TcpStream;

    /// Sends each line and returns the last line of each answer, the greeting first.
    async fn talk(mailbox: &Mailbox, lines: &[&str]) -> Vec<String> {
        let stream = TcpStream::connect(mailbox.address()).await.expect("the mailbox listens");
        let mut stream = BufReader::new(stream);
        let mut answers = Vec::new();
        for said in std::iter::once(&"").chain(lines) {
            if !said.is_empty() {
                stream.get_mut().write_all(format!("{said}\r\n").as_bytes()).await.expect("the session is open");
            }
            let mut answer = String::new();
            loop {
                answer.clear();
                stream.read_line(&mut answer).await.expect("an answer");
                if answer.as_bytes().get(3) != Some(&b'-') {
                    break;
                }
            }
            answers.push(answer.trim_end().to_owned());
        }
        answers
    }

    #[tokio::test]
    async fn a_message_is_a_file_with_its_dots_unstuffed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mailbox, mut arrivals) = Mailbox::start(folder.path().join("mail")).await.expect("a port");
        let answers = talk(
            &mailbox,
            &[
                "EHLO tower.example.org",
                "MAIL FROM:<alerts@example.org> BODY=8BITMIME SMTPUTF8",
                "rcpt to:<ana@example.org>",
                "DATA",
                "Subject: =?utf-8?B?QWxlcnRhOiDCq0xhIEhheWHCuw==?=\r\n\r\n..a line with a dot\r\nend\r\n.",
                "QUIT",
            ],
        )
        .await;
        let codes: Vec<_> = answers.iter().map(|answer| &answer[..3]).collect();
        assert_eq!(codes, ["220", "250", "250", "250", "354", "250", "221"]);
        let mail = arrivals.recv().await.expect("a mail arrived");
        assert_eq!(mail.to, ["ana@example.org"]);
        assert_eq!(mail.subject, "Alerta: «La Haya»");
        assert_eq!(mail.file, folder.path().join("mail/0001-alerta-la-haya.eml"));
        let bytes = std::fs::read_to_string(&mail.file).expect("the file is there");
        assert!(bytes.ends_with("\r\n\r\n.a line with a dot\r\nend\r\n"), "{bytes:?}");
        mailbox.close().await;
    }

    #[tokio::test]
    async fn commands_out_of_order_are_refused_and_rset_forgets() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mailbox, mut arrivals) = Mailbox::start(folder.path().into()).await.expect("a port");
        let answers = talk(
            &mailbox,
            &[
                "HELO tower.example.org",
                "RCPT TO:<ana@example.org>",
                "DATA",
                "MAIL FROM:ana",
                "MAIL FROM:<>",
                "RCPT TO:<ana@example.org>",
                "RSET",
                "DATA",
                "VRFY ana",
                "NOOP",
                "QUIT",
            ],
        )
        .await;
        let codes: Vec<_> = answers.iter().map(|answer| &answer[..3]).collect();
        assert_eq!(codes, ["220", "250", "503", "503", "501", "250", "250", "250", "503", "502", "250", "221"]);
        mailbox.close().await;
        assert!(arrivals.recv().await.is_none());
    }

    #[tokio::test]
    async fn a_second_run_overwrites_no_mail() {
        let folder = tempfile::tempdir().expect("a folder");
        let message = ["EHLO a", "MAIL FROM:<>", "RCPT TO:<ana@example.org>", "DATA", "Subject: one\r\n\r\n.", "QUIT"];
        for _ in 0..2 {
            let (mailbox, _arrivals) = Mailbox::start(folder.path().into()).await.expect("a port");
            talk(&mailbox, &message).await;
            mailbox.close().await;
        }
        let mut names: Vec<_> = std::fs::read_dir(folder.path())
            .expect("the folder")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
            .collect();
        names.sort();
        assert_eq!(names, ["0001-one.eml", "0002-one.eml"]);
    }
}
