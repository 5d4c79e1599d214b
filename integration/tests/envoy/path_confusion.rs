//! Hostile spellings of private paths, dressed as the sandbox, as a public endpoint or as one's own
//! application, sent as they are through Envoys that leave paths alone, normalise them, and merge
//! slashes, too. Whoever is let in is where the filter thinks he is, for every backend's reading.

mod backends;
mod http2;
mod spellings;

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use integration::harness::bootstrap::{Bootstrap, Knobs};
use integration::harness::client::{Client, Request};
use integration::harness::http::header;
use integration::site::{Setup, Site};
use serde_json::{Value, json};

use backends::{Reading, readings};
use http2::Http2;
use spellings::spellings;

/// The request header by which the backend's record is matched with what was sent.
const NUMBER: &str = "x-number";
const MANAGER: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";

#[test]
fn nobody_is_where_the_filter_does_not_see_him_on_paths_as_they_come() -> Result<()> {
    agree("confusion-raw", Knobs { raw_paths: true, ..Knobs::default() }, &[])
}

#[test]
fn nobody_is_where_the_filter_does_not_see_him_on_normalised_paths() -> Result<()> {
    let slashes = [("/merge_slashes", json!(false))];
    agree("confusion-normalised", Knobs::default(), &slashes)
}

#[test]
fn nobody_is_where_the_filter_does_not_see_him_where_slashes_are_merged() -> Result<()> {
    let unescaped = json!("UNESCAPE_AND_FORWARD");
    agree("confusion-merged", Knobs::default(), &[])?;
    agree(
        "confusion-unescaped",
        Knobs::default(),
        &[("/path_with_escaped_slashes_action", unescaped)],
    )
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caller {
    /// A guest, or anybody at a public endpoint.
    Nobody,
    /// A user of `acme/shop` and `acme/sandbox` without the scope `reports`.
    Alice,
}

fn agree(name: &str, knobs: Knobs, manager: &[(&str, Value)]) -> Result<()> {
    let needed = json!([{ "rules": ["*:/acme/*/reports/**"], "all_of": ["reports"] }]);
    let setup = Setup::test(name)
        .knobs(knobs)
        .config(json!({ "authorization": { "require_scope": needed } }));
    let site = Site::build(&setup.name, &setup.knobs, |introspection, backend| {
        let mut bootstrap = setup.bootstrap(introspection, backend)?.json().clone();
        for (pointer, value) in manager {
            let place = bootstrap.pointer_mut(&format!("{MANAGER}{pointer}"));
            *place.with_context(|| format!("nothing at {pointer}"))? = value.clone();
        }
        Ok(Bootstrap::from_json(bootstrap))
    })?;
    let sent = send_all(site.address())?;
    let mut admitted = [0_usize; 2];
    for seen in site.backend.seen() {
        let number = header(&seen.headers, NUMBER).context("a request that nobody sent")?;
        let number: usize = std::str::from_utf8(number)?.parse()?;
        let (spelling, caller, version) = sent.get(number).context("a number that nobody sent")?;
        admitted[usize::from(*caller == Caller::Alice)] += 1;
        for reading in readings(&seen.path) {
            if let Err(why) = allowed(*caller, &reading) {
                bail!(
                    "{caller:?}, HTTP/{version}, `{spelling}`, at the backend `{}`: {why}",
                    seen.path
                );
            }
        }
    }
    // Otherwise nothing would have been shown.
    ensure!(admitted.iter().all(|count| *count > 10), "admitted: {admitted:?}");
    Ok(())
}

type Sent = Vec<(String, Caller, u8)>;

fn send_all(address: SocketAddr) -> Result<Sent> {
    let mut sent = Vec::new();
    let mut client = Client::new(address);
    let mut http2 = Http2::connect(address)?;
    for spelling in spellings() {
        for caller in [Caller::Nobody, Caller::Alice] {
            let mut request = Request::get(&spelling).header(NUMBER, sent.len().to_string());
            sent.push((spelling.clone(), caller, 1));
            if caller == Caller::Alice {
                request = request.bearer("alice");
            }
            // Envoy may hang up on what is no path to it.
            if client.send(&request).is_err() {
                client = Client::new(address);
            }
            let number = sent.len().to_string();
            sent.push((spelling.clone(), caller, 2));
            let token = (caller == Caller::Alice).then_some("Bearer alice");
            if !http2
                .get(spelling.as_bytes(), &[(NUMBER, Some(&number)), ("authorization", token)])?
            {
                http2 = Http2::connect(address)?;
            }
        }
    }
    Ok(sent)
}

/// Whether the caller may be where a backend with this reading thinks he is.
fn allowed(caller: Caller, reading: &Reading) -> Result<()> {
    let place = reading.place();
    let is_public = matches!(&reading.segments()[..], ["management", "token"] | [_, _, "token"]);
    match caller {
        _ if is_public => {}
        Caller::Nobody => {
            let is_sandbox = place.is_some_and(|(_, application, rest)| {
                application == "sandbox" && rest.first() != Some(&"reports")
            });
            ensure!(is_sandbox, "nobody may be at {:?}", reading.segments());
        }
        Caller::Alice => {
            // What is no application is the backend's matter.
            let Some((organization, application, rest)) = place else { return Ok(()) };
            let own = ["shop", "sandbox", "52ce9183-46f4-11e2-ae44-02e81ac5a17b"];
            ensure!(
                organization == "acme" && own.contains(&application),
                "alice is no user of {organization}/{application}"
            );
            let reports = rest.first() == Some(&"reports");
            ensure!(!reports, "alice lacks the scope for {:?}", reading.segments());
        }
    }
    Ok(())
}
