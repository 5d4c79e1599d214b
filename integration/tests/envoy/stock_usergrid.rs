//! The filter in front of a stock Usergrid, which is its only server: every row of what Usergrid
//! answers, and how many calls it costs. U is `GET /{org}/{app}/users/me`, K is `HEAD
//! /{org}/{app}/credentials`.

mod answers;
mod client_pairs;
mod clients;
mod crowd;
mod default_guests;
mod faults;
mod foreign;
mod management;
mod offline;
mod outage;
mod probes;
mod remembered;
mod restricted;
mod shipped;
mod shown;
mod tokens;
mod users;

use anyhow::{Context, Result, ensure};
use integration::harness::client::{self, Request};
use integration::harness::http::header;
use integration::servers::stub::backend::Seen;
use integration::servers::usergrid::LIFE;
use integration::servers::usergrid::principal::Principal;
use integration::servers::usergrid::version::Version;
use integration::site::Stock;

const VERSIONS: [Version; 2] = [Version::Master, Version::Release210];
const SHOP: &str = "acme/shop";

/// U and K.
type Probes = (usize, usize);

fn books(token: &str) -> Request {
    books_of(SHOP, token)
}

fn books_of(application: &str, token: &str) -> Request {
    Request::get(format!("/{application}/books")).bearer(token)
}

fn token(site: &Stock, of: &Principal) -> String {
    site.usergrid.issue(of, LIFE)
}

fn user(site: &Stock, name: &str) -> Result<String> {
    Ok(token(site, &site.usergrid.user(SHOP, name)?))
}

/// The filter lets the request through after so many calls, whatever Usergrid says to it then; what
/// Usergrid receives.
fn passes(site: &Stock, request: &Request, calls: Probes) -> Result<Seen> {
    site.usergrid.forget();
    let response = site.send(request)?;
    let what = client::describe(request);
    ensure!(site.passed().len() == 1, "{what}: {} {:?}", response.status, response.json());
    cost(site, &what, calls)?;
    site.last()
}

/// The filter refuses the request in this word after so many calls.
fn refused(site: &Stock, request: &Request, status: u16, word: &str, calls: Probes) -> Result<()> {
    site.usergrid.forget();
    let response = site.send(request)?;
    let (what, answer) = (client::describe(request), response.json()?);
    ensure!(site.passed().is_empty(), "{what}: reached Usergrid, which said {answer}");
    let said = (response.status, answer["error"].as_str().unwrap_or_default());
    ensure!(said == (status, word), "{what}: {said:?} instead of {status} {word}");
    cost(site, &what, calls)
}

/// [`refused`] with 503.
fn unavailable(site: &Stock, request: &Request, calls: Probes) -> Result<()> {
    refused(site, request, 503, "service_unavailable", calls)
}

fn cost(site: &Stock, what: &str, calls: Probes) -> Result<()> {
    ensure!(site.probes() == calls, "{what}: {:?} U and K instead of {calls:?}", site.probes());
    Ok(())
}

/// Which identity headers came, in the order asked for.
fn identity<const N: usize>(seen: &Seen, names: [&str; N]) -> [Option<String>; N] {
    names.map(|name| {
        let value = header(&seen.headers, &format!("x-usergrid-{name}"));
        value.map(|value| String::from_utf8_lossy(value).into_owned())
    })
}

fn is(seen: &Seen, name: &str, value: Option<&str>) -> Result<()> {
    let [found] = identity(seen, [name]);
    ensure!(found.as_deref() == value, "{name} is {found:?} instead of {value:?}");
    Ok(())
}

fn uuid(user: &Principal) -> Result<String> {
    match user {
        Principal::User(_, uuid) => Some(uuid.clone()),
        _ => None,
    }
    .context("no user")
}
