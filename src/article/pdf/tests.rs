use super::Bounds;
use super::is_pdf;
use super::read;
use crate::article::STACK_BYTES;
use crate::model::Article;
use crate::model::Document;
use crate::model::Reason;
use lopdf::EncryptionState;
use lopdf::EncryptionVersion;
use lopdf::Object;
use lopdf::Permissions;
use lopdf::Stream;
use lopdf::content::Content;
use lopdf::content::Operation;
use lopdf::dictionary;
use std::io::Write as _;
use std::time::Duration;
use std::time::Instant;
use url::Url;

/// A file with one line of text on each page.
fn file(lines: &[&str]) -> lopdf::Document {
    let mut file = lopdf::Document::with_version("1.5");
    let pages = file.new_object_id();
    let font = file.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica", "Encoding" => "WinAnsiEncoding",
    });
    let resources = file.add_object(dictionary! { "Font" => dictionary! { "F1" => font } });
    let kids: Vec<Object> = lines
        .iter()
        .map(|line| {
            let text = lopdf::Document::encode_text(&lopdf::Encoding::SimpleEncoding(b"WinAnsiEncoding"), line);
            let operations = vec![
                Operation::new("BT", vec![]),
                Operation::new("Tf", vec!["F1".into(), 12.into()]),
                Operation::new("Tj", vec![Object::string_literal(text)]),
                Operation::new("ET", vec![]),
            ];
            let content = Content { operations }.encode().expect("it is encoded");
            let content = file.add_object(Stream::new(dictionary! {}, content));
            let page =
                dictionary! { "Type" => "Page", "Parent" => pages, "Contents" => content, "Resources" => resources };
            file.add_object(page).into()
        })
        .collect();
    let count = i64::try_from(kids.len()).expect("few");
    file.objects.insert(pages, Object::Dictionary(dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => count }));
    let catalog = file.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages });
    let info = file.add_object(dictionary! { "Title" => Object::string_literal("Report of the ward") });
    file.trailer.set("Root", catalog);
    file.trailer.set("Info", info);
    file.trailer
        .set("ID", vec![Object::string_literal("0123456789abcdef"), Object::string_literal("0123456789abcdef")]);
    file
}

fn bytes(mut file: lopdf::Document) -> Vec<u8> {
    let mut bytes = Vec::new();
    file.save_to(&mut bytes).expect("it is written");
    bytes
}

/// As the daemon does it, on a thread of its own.
fn outcome(bytes: Vec<u8>) -> Result<Article, Reason> {
    let reading = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || {
        let url = Url::parse("https://faro.example/report.pdf").expect("an address");
        let document = Document { url: &url, content_type: None, bytes: &bytes };
        read(&document, Bounds { expired: &|| false })
    });
    reading.expect("a thread").join().expect("no panic")
}

fn why(bytes: Vec<u8>) -> String {
    match outcome(bytes) {
        Err(reason @ Reason::PdfUnreadable { .. }) => reason.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_text_of_every_page_is_read_and_words_are_whole() {
    let read = outcome(bytes(file(&["The prosecutor presented the man- agement of the ward.", "Señal: tortura."])));
    let read = read.expect("it is read");
    assert_eq!(read.text, "The prosecutor presented the management of the ward.\n\nSeñal: tortura.");
    assert_eq!((read.title.as_str(), read.method.as_str()), ("Report of the ward", "pdf"));
    assert!(read.warnings.is_empty(), "{:?}", read.warnings);
}

#[test]
fn a_file_is_known_by_its_bytes() {
    let url = Url::parse("https://faro.example/a").expect("an address");
    for (bytes, expected) in [
        (b"%PDF-1.7\n".as_slice(), true),
        (b"\r\n%PDF-1.4", true),
        (b"<p>%PDF- is how one begins", false),
        (b"<p>x", false),
    ] {
        assert_eq!(is_pdf(&Document { url: &url, content_type: None, bytes }), expected);
    }
}

#[test]
fn an_encrypted_file_is_named_as_one() {
    for (password, readable) in [("secret", false), ("", true)] {
        let mut file = file(&["A line of text that nobody is to read."]);
        let version = EncryptionVersion::V2 {
            document: &file,
            owner_password: "owner",
            user_password: password,
            key_length: 128,
            permissions: Permissions::all(),
        };
        let state = EncryptionState::try_from(version).expect("a key");
        file.encrypt(&state).expect("it is encrypted");
        let bytes = bytes(file);
        match readable {
            // Without a password for reading anybody may.
            true => assert!(outcome(bytes).is_ok_and(|article| article.text.contains("nobody is to read"))),
            false => assert!(why(bytes).contains("it is encrypted")),
        }
    }
}

#[test]
fn hostile_files_end_soon_and_are_named() {
    let whole = bytes(file(&["One line.", "Another."]));
    let mut wide = file(&["One line."]);
    let pages = wide.catalog().expect("a catalog").get(b"Pages").and_then(Object::as_reference).expect("pages");
    let page = wide.page_iter().next().expect("a page");
    // A page tree that is its own child, and a hundred thousand times the same page.
    let mut kids = vec![Object::Reference(pages); 10];
    kids.extend(vec![Object::Reference(page); 100_000]);
    wide.objects.insert(pages, Object::Dictionary(dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => 1 }));
    let mut bomb = file(&["One line."]);
    let zeros = vec![b' '; 64 * 1024 * 1024];
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&zeros).expect("a vector takes all");
    let packed = encoder.finish().expect("a vector takes all");
    let content = bomb.get_page_contents(bomb.page_iter().next().expect("a page"))[0];
    bomb.objects.insert(content, Stream::new(dictionary! { "Filter" => "FlateDecode" }, packed).into());
    let nested =
        [b"%PDF-1.5\n1 0 obj\n".as_slice(), &b"[".repeat(1_000_000), b"\nendobj\ntrailer <</Root 1 0 R>>\n"].concat();
    let dictionaries = [b"%PDF-1.5\n1 0 obj\n".as_slice(), &b"<</A ".repeat(500_000), b"\nendobj\n"].concat();
    let objects = [b"%PDF-1.5\n".as_slice(), &b"1 0 obj\n<<>>\nendobj\n".repeat(200_000)].concat();
    let loops = b"%PDF-1.5\n1 0 obj\n1 0 R\nendobj\n2 0 obj\n<</Type/Catalog/Pages 1 0 R>>\nendobj\ntrailer <</Root 2 0 R/Prev 9>>\nstartxref\n9\n%%EOF";
    for (fault, bytes, named) in [
        ("truncated", whole[..whole.len() / 2].to_vec(), true),
        ("only a head", b"%PDF-1.7\n".to_vec(), true),
        ("a tree that is its own child", bytes(wide), false),
        ("a bomb", bytes(bomb), true),
        ("nested arrays", nested, true),
        ("nested dictionaries", dictionaries, true),
        ("many objects", objects, true),
        ("a loop of references", loops.to_vec(), true),
        (
            "noise",
            [
                b"%PDF-1.7\n".as_slice(),
                &(0..200_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect::<Vec<u8>>(),
            ]
            .concat(),
            true,
        ),
    ] {
        let begun = Instant::now();
        let outcome = outcome(bytes);
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(10), "{fault}: {took:?}");
        println!("{fault}: {took:?} {:?}", outcome.as_ref().map(|article| article.warnings.clone()));
        match outcome {
            Err(Reason::PdfUnreadable { .. }) => {}
            Ok(article) => assert!(!named && article.text.contains("One line."), "{fault}: {article:?}"),
            Err(other) => panic!("{fault}: {other:?}"),
        }
    }
}

#[test]
fn reading_stops_when_its_time_is_over() {
    let bytes = bytes(file(&["One line."]));
    let url = Url::parse("https://faro.example/report.pdf").expect("an address");
    let document = Document { url: &url, content_type: None, bytes: &bytes };
    let stopped = read(&document, Bounds { expired: &|| true });
    assert!(matches!(stopped, Err(Reason::PdfUnreadable { detail }) if detail.contains("too long")));
}
