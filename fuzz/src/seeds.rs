//! What each target begins with: made from the fixtures and from what pages and systems send, so that no copies of them
//! are kept.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use wecom_bridge::callback::{seal, seal_json};

use super::form::part;
use super::{query, wire};

/// Where the variable that names a folder for the seeds is set, puts them there.
pub fn write(target: &str) {
    let Some(folder) = std::env::var_os("FUZZ_SEEDS") else {
        return;
    };
    let folder = Path::new(&folder);
    fs::create_dir_all(folder).expect("a folder can be made");
    for (number, seed) in of(target).into_iter().enumerate() {
        let file = folder.join(format!("seed-{number:04}"));
        fs::write(file, seed).expect("a file can be written");
    }
}

/// The seeds of a target.
pub fn of(target: &str) -> Vec<Vec<u8>> {
    match target {
        "envelope" => envelopes(),
        "crypt" => ciphertexts(),
        "event" => events(),
        "query" => queries(),
        "record" => records(),
        "form" => forms(),
        "cookie" => cookies(),
        "items" => drafts(),
        _ => Vec::new(),
    }
}

fn envelopes() -> Vec<Vec<u8>> {
    let message = b"<xml><Event>click</Event></xml>";
    let mut seeds: Vec<Vec<u8>> = [seal, seal_json]
        .into_iter()
        .map(|seal| {
            seal(
                &wire::keys(),
                wire::RECEIVE_ID,
                message,
                wire::NOW,
                "n",
                [7; 16],
            )
        })
        .map(|sealed| sealed.body.into_bytes())
        .collect();
    for envelope in [
        "<?xml version=\"1.0\"?>\n<xml a='>' b=\"<\">\n <Encrypt>\n <![CDATA[aB+/=]]>\n</Encrypt >\n</xml>\n",
        "\u{feff}<xml><!-- <Encrypt>x</Encrypt> --><A><B/></A><Encrypt>aB&#43;&#x2f;=</Encrypt></xml>",
        "{\"ToUserName\": {\"a\": [1]}, \"Encrypt\": \"aB+\\/=\", \"agentid\": null}",
        "<xml><Encrypt>aB</Encrypt><MsgSignature>0</MsgSignature><TimeStamp>1</TimeStamp><Nonce>n</Nonce></xml>",
    ] {
        seeds.push(envelope.into());
    }
    seeds.extend(vectors("envelope"));
    seeds
}

fn ciphertexts() -> Vec<Vec<u8>> {
    let text = query::ciphertext();
    let blocks = BASE64_STANDARD.decode(&text).expect("it is Base64");
    let mut inside = vec![7; 16];
    inside.extend([0, 0, 0, 6]);
    inside.extend(b"<xml/>ww1");
    let mut padded = inside.clone();
    padded.resize(32, 1);
    vec![
        marked(0, text.as_bytes()),
        marked(1, &blocks),
        marked(2, &padded),
        marked(3, &inside),
        marked(4, "<xml>协作</xml>".as_bytes()),
    ]
}

/// The fixtures, and an event of our own of each name.
fn events() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = fixtures();
    let item = "<Item>project:p1</Item><ExternalUserID>wm1</ExternalUserID>";
    for (event, inside) in [
        (
            "sidebar_opened",
            "<UserID>Lin</UserID><ExternalUserID>wm1</ExternalUserID><Entry>chat</Entry>",
        ),
        ("refresh_contact", "<ExternalUserID>wm1</ExternalUserID>"),
        ("refresh_member", "<UserID>Lin</UserID>"),
        ("refresh_chat", "<ChatId>wr1</ChatId>"),
        ("refresh_tags", ""),
        (
            "refresh_contacts_of",
            "<UserID>Lin</UserID><After>wm1</After>",
        ),
        (
            "refresh_members_of",
            "<Department>7</Department><After>Lin</After>",
        ),
        (
            "rename_member",
            "<UserID>a</UserID><NewUserID>b</NewUserID><Kind>greeting</Kind><After>k</After>",
        ),
        (
            "start_sync",
            "<Scope>all</Scope><Mode>dry_run</Mode><By>admin</By><Part>1/7</Part>",
        ),
        (
            "start_sync",
            "<Scope>contacts</Scope><Mode>repair</Mode><By>schedule</By>",
        ),
        ("sync_step", "<Run>1</Run>"),
        ("switch_auto_sync", "<On>1</On>"),
        (
            "home_changed",
            "<Former>https://a.example</Former><Home>https://b.example</Home>",
        ),
        (
            "hand_over",
            "<UserID>a</UserID><NewUserID>b</NewUserID><By>\"system\"</By><After>form:f1</After>",
        ),
        (
            "refresh_follower",
            "<OpenID>o1</OpenID><UnionID>u1</UnionID>",
        ),
        ("item_changed", item),
        ("tell_members", item),
        ("remind_contact", item),
        ("send_link", "<UserID>Lin</UserID>"),
    ] {
        let head = "<FromUserName>sys</FromUserName><CreateTime>1795305600</CreateTime>";
        seeds.push(format!("<xml>{head}<Event>{event}</Event>{inside}</xml>").into());
    }
    seeds.push(
        br#"{"msgtype": "event", "event": {"a": [1, -2, 1.5, true, null, {"c": "y"}]}}"#.into(),
    );
    seeds
}

fn queries() -> Vec<Vec<u8>> {
    let echostr: String =
        url::form_urlencoded::byte_serialize(query::ciphertext().as_bytes()).collect();
    [
        "msg_signature=0&timestamp=1&nonce=n".to_owned(),
        "timestamp=1&nonce=a%20b%2B%E4%BD%A0+c".to_owned(),
        "x=%zz&nonce=007&&timestamp=1&y".to_owned(),
        format!("timestamp=1&nonce=n&echostr={echostr}"),
    ]
    .map(String::into_bytes)
    .into()
}

fn records() -> Vec<Vec<u8>> {
    let at = "2026-11-23T00:00:00.000Z";
    let head =
        json!({"id": "p1", "title": "t", "owner": "ZhangSan", "created_at": at, "changed_at": at});
    let with = |own: Value| {
        let mut all = head.clone();
        for (name, value) in own.as_object().into_iter().flatten() {
            all[name] = value.clone();
        }
        all
    };
    let table = [
        (
            "contacts",
            json!({"external_userid": "wm1", "name": "n", "type": 1, "changed_at": at,
            "follow_users": [{"userid": "Lin", "createtime": at, "tags": [{"tag_name": "t"}]}]}),
        ),
        (
            "members",
            json!({"userid": "Lin", "name": "n", "status": 1, "visible": true, "changed_at": at}),
        ),
        (
            "links",
            json!({"userid": "Lin", "url": "https://a.example", "state": "done", "at": at}),
        ),
        (
            "items",
            with(
                json!({"kind": "project", "stages": [{"title": "s", "tasks": [{"key": "k", "title": "t",
            "handler": "customer", "due": "2026-12-01"}]}]}),
            ),
        ),
        (
            "items",
            with(
                json!({"kind": "form", "steps": ["s"], "fields": [{"key": "k", "label": "l",
            "type": "number", "min": 1, "decimals": 2}]}),
            ),
        ),
        (
            "items",
            with(
                json!({"kind": "record", "form": "f1", "contact": "wm1", "values": {"k": ["a"]}, "step": "s"}),
            ),
        ),
        ("items", with(json!({"kind": "approval", "contact": "wm1"}))),
        (
            "piece",
            json!({"record": {"table": "members", "key": "lin", "json": "{}"}}),
        ),
        (
            "piece",
            json!({"item": {"queue": "inbox", "place": "1-0", "text": "t", "state": "dead", "attempts": 1,
            "settled_at": at, "failures": [{"at": at, "error": "e"}]}}),
        ),
        (
            "piece",
            json!({"seen": {"window": 1, "hashes": ["00000000000000000000000000000000"]}}),
        ),
    ];
    let table = table
        .into_iter()
        .map(|(name, value)| format!("{name}\n{value}"));
    let texts = [
        "id\nproject:p1",
        "id\nww1:1795305600000-1.0.2",
        "1795305600000\tcallback\tapp\tclick\tmember:lin\tn\n<xml/>",
        "1795305600000\tservice\t-\tmessage/send\tmember:lin\tu\n{\"call\":\"write_link\"}",
    ];
    table
        .chain(texts.map(str::to_owned))
        .map(String::into_bytes)
        .collect()
}

fn forms() -> Vec<Vec<u8>> {
    let q = "%3Cq7z+onload%3D1%3E";
    let texts: [(u8, String); 16] = [
        (0, format!("do=submit&f-k0={q}&f-k1={q}&f-k2=2.5&f-k3=2026-12-01&f-k4={q}&f-k5=%E9%97%A8&f-k6={q}&f-k7=138+0013+8000")),
        (0, "do=submit&f-k0=a&f-k2=2&f-k3=2026-12-01&f-k4=%E9%97%A8&f-k5=%E9%97%A8&f-k5=%E7%AA%97&f-k6=ZhangSan&f-k7=13800138000".into()),
        (1, format!("do=comment&text={q}")),
        (2, format!("do=answer&verdict=agreed&seen=1790000000000&remark={q}")),
        (6, format!("title={q}&description={q}&circle=followers&owner={q}&stages[0].title={q}&stages[0].tasks[0].title={q}&stages[0].tasks[0].state=todo&stages[0].tasks[0].due=2026-12-01&save=1")),
        (6, format!("title=a&stages[0].title={q}&do=add:stages[0].tasks")),
        (7, format!("title={q}&fields[0].label={q}&fields[0].type=number&fields[0].min=1&fields[0].max=9&fields[0].options={q}&fields[0].default={q}&steps={q}&submissions=many")),
        (8, format!("title={q}&form=f1&contact=wmCustomer1&values.k0={q}")),
        (9, format!("title={q}&description={q}&contact=wmCustomer1&about=project:p1")),
        (10, format!("title={q}&changed_at=2026-09-21T13:33:20Z&stages[0].title={q}&do=remove:stages[0].tasks[0]")),
        (13, format!("task=t1&state=done&was_state=todo&handler={q}&was_handler=")),
        (14, format!("as=project:p1&contact=wmCustomer1&text={q}")),
        (15, format!("follower={q}")),
        (17, "to=closed".into()),
        (18, "contact=wmCustomer1&as=project:p1".into()),
        (19, format!("from={q}&to={q}")),
    ];
    let texts = texts.map(|(page, form)| marked(page, form.as_bytes()));
    let files = [3, 4, 5].map(|page| {
        let name = "form-data; name=\"file:f-k8\"; filename=\"../<q7z> 照片.png\"";
        let text = part("f-k0", "<q7z>");
        let head = "--q7z\r\nContent-Disposition: ";
        let form =
            format!("{text}{head}{name}\r\nContent-Type: text/plain\r\n\r\na,b\r\n--q7z--\r\n");
        marked(page, form.as_bytes())
    });
    texts.into_iter().chain(files).collect()
}

fn cookies() -> Vec<Vec<u8>> {
    let session = json!({"name": "wb_session", "until": 2_000_000_000,
        "value": {"corp": super::ground::CORP, "who": {"member": super::ground::MEMBER}}});
    let admin = json!({"name": "wb_admin", "until": 2_000_000_000,
        "value": {"id": "1", "who": {"password": {"of": "x"}}}});
    vec![
        marked(0, b"eyJ9.AAAA"),
        marked(1, b"wb_session=a.b; wb_admin=\"c.d\"; wb_login=e; lang=zh"),
        marked(2, session.to_string().as_bytes()),
        marked(2, admin.to_string().as_bytes()),
        marked(3, &[0, 3, b'A']),
        marked(4, b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    ]
}

fn drafts() -> Vec<Vec<u8>> {
    let project = json!({"title": "<q7z>", "description": "d", "owner": "ZhangSan", "followers": ["LiSi"],
        "picture": "https://a.example/p.png", "circle": "followers", "stages": [{"title": "<q7z>", "tasks": [
            {"key": "k", "title": "<q7z>", "state": "doing", "handler": {"member": "LiSi"}, "start": "2026-11-25",
             "due": "2026-11-30", "internal": true}]}]});
    let form = json!({"title": "<q7z>", "owner": "ZhangSan", "submissions": "many", "steps": ["<q7z>", "b"],
        "fields": [
            {"key": "a", "label": "<q7z>", "type": "text", "max": 20, "required": true, "hint": "<q7z>", "default": "x"},
            {"key": "b", "label": "l", "type": "choices", "options": ["<q7z>", "c"], "max": 1},
            {"key": "c", "label": "l", "type": "number", "decimals": 2, "min": 0, "customer": "sees"},
            {"key": "d", "label": "l", "type": "date", "min": "2026-01-01"},
            {"key": "e", "label": "l", "type": "attachment", "max": 9}]});
    let record = json!({"title": "<q7z>", "owner": "ZhangSan", "form": "f1", "contact": "wmCustomer1",
        "values": {"k0": "<q7z>", "k5": ["门"]}});
    let approval = json!({"title": "<q7z>", "owner": "ZhangSan", "contact": "wmCustomer1", "about": "project:p1"});
    let bodies = [
        project.clone(),
        form.clone(),
        record.clone(),
        approval.clone(),
        project.clone(),
        form.clone(),
        approval,
        project,
        form,
        record,
        json!({"state": "done", "handler": {"member": "LiSi"}}),
        json!({"to": "LiSi"}),
        json!({"text": "<q7z>"}),
        json!({"items": ["project:p1", "plan:p1"]}),
        json!({"to": "LiSi"}),
        json!({"scope": "contacts", "dry_run": true}),
        json!({"step": "b", "follow_up": "<q7z>", "internal": true}),
    ];
    let addresses = 0_u8..;
    addresses
        .zip(bodies)
        .map(|(address, body)| marked(address, body.to_string().as_bytes()))
        .collect()
}

/// The byte that tells a target what the rest is, and the rest.
fn marked(first: u8, rest: &[u8]) -> Vec<u8> {
    let mut seed = vec![first];
    seed.extend(rest);
    seed
}

/// The folder of the whole repository: the one above that of the fuzz crate, or the main crate's own.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    match env!("CARGO_PKG_NAME") {
        "wecom_bridge" => here.to_owned(),
        _ => here.join(".."),
    }
}

/// Every message of the fixtures.
fn fixtures() -> Vec<Vec<u8>> {
    let folder = root().join("fixtures/callbacks");
    let mut files = Vec::new();
    for family in fs::read_dir(folder).expect("there are fixtures") {
        let family = family.expect("a folder can be read").path();
        for file in fs::read_dir(family).expect("a family is a folder") {
            let file = file.expect("a folder can be read").path();
            if file.extension().is_some_and(|ending| ending == "xml") {
                files.push(file);
            }
        }
    }
    files.sort();
    let files = files.into_iter();
    files
        .map(|file| fs::read(file).expect("a fixture can be read"))
        .collect()
}

/// What the vectors have under this name.
fn vectors(name: &str) -> Vec<Vec<u8>> {
    let file = root().join("fixtures/crypto-vectors.json");
    let text = fs::read_to_string(file).expect("there are vectors");
    let vectors: Vec<Value> = serde_json::from_str(&text).expect("they are JSON");
    let bodies = vectors.iter().filter_map(|vector| vector[name].as_str());
    bodies.map(|body| body.as_bytes().to_vec()).collect()
}
