//! The spellings: each begins as a path that is open to the caller and ends as one that is not, or the
//! other way round, for somebody.

/// What goes up, for somebody.
const UPS: [&str; 26] = [
    "..",
    "%2e%2e",
    "%2E.",
    ".%2e",
    "..;",
    "..;x=y",
    "%2e%2e;",
    "..%3b",
    "..%3Bx",
    "%252e%252e",
    "%25252e%25252e",
    "..%252f",
    "..%00",
    "..%20",
    "..%09",
    "...",
    "..%c0%af",
    "%c0%ae%c0%ae",
    "%uff0e%uff0e",
    "%ef%bc%8e%ef%bc%8e",
    "..%ef%bc%8f",
    "..#",
    "..%23",
    "..%3f",
    "..\\",
    "..%5c",
];

/// What parts segments, for somebody.
const SLASHES: [&str; 12] =
    ["//", "/./", "/;/", "/%2e/", "%2f", "%2F", "%252f", "\\", "%5c", "%255c", "/%20/", "%c0%af"];

/// Single ones.
const OTHERS: [&str; 50] = [
    // The plain ones, so that somebody is let in.
    "/acme/sandbox/books",
    "/ACME/SandBox/books",
    "/acme/%73andbox/books",
    "/acme/sandbox/books;a=b",
    "/acme/sandbox/a:b,c",
    "/acme/shop/books",
    "/acme/shop/books/",
    "/acme/%73hop/%62ooks",
    "/orgs/acme/apps/shop/books",
    "/acme/52ce9183-46f4-11e2-ae44-02e81ac5a17b/books",
    "/management/token",
    "/acme/shop/token",
    "/acme/sandbox/reports/1",
    "/acme/shop/reports/1",
    // Dressed as the sandbox.
    "/acme;/sandbox/books",
    "/acme/sandbox;/books",
    "/acme/shop;sandbox/books",
    "/acme/shop;/sandbox/books",
    "/acme;sandbox/shop/books",
    "/globex/crm/books?/../../acme/sandbox/books",
    "/globex/crm/books%3f/../../../acme/sandbox/books",
    "/globex/crm/books%23/acme/sandbox",
    "/globex%2fcrm/sandbox/books",
    "/globex/crm%2fsandbox/books",
    "/globex/crm%00/sandbox/books",
    "/globex%00/sandbox/books",
    "/globex/%73andbox%2f..%2fcrm/books",
    "/orgs/globex/sandbox/books",
    "/orgs/sandbox/crm/books",
    "/organizations/globex/applications/crm/sandbox/books",
    "/apps/sandbox/books",
    "/management/sandbox/books",
    "/MANAGEMENT/sandbox/users",
    "/%6danagement/sandbox/users",
    "/acme/apps/sandbox",
    "/acme/apps/shop/sandbox",
    "http://globex/acme/sandbox/../../globex/crm/books",
    // Dressed as public.
    "/management/token;/../users",
    "/management/token%2f..%2fusers",
    "/management;x/token",
    "/management/users/token",
    "/acme%2fshop/books/token",
    "/acme/shop%2fbooks/token",
    "/orgs/acme/token",
    "/acme/apps/token",
    "/acme/shop/books/..;/token",
    // Scopes that are needed.
    "/acme/shop/%72eports/1",
    "/acme/shop/REPORTS;x/1",
    "/acme/shop/reports%2f1",
    "/orgs/acme/apps/shop/reports;/1/",
];

/// All of them.
pub fn spellings() -> Vec<String> {
    let mut all: Vec<String> = OTHERS.iter().map(|spelling| (*spelling).to_owned()).collect();
    for up in UPS {
        all.push(format!("/acme/sandbox/{up}/shop/books"));
        all.push(format!("/acme/sandbox/{up}/{up}/globex/crm/books"));
        all.push(format!("/management/token/{up}/users"));
        all.push(format!("/acme/shop/x/{up}/reports/1"));
    }
    for slash in SLASHES {
        all.push(format!("/acme{slash}shop/sandbox/books"));
        all.push(format!("/acme{slash}sandbox/books"));
        all.push(format!("{slash}acme/sandbox/books"));
        all.push(format!("/acme/sandbox{slash}..{slash}crm/books"));
        all.push(format!("/globex{slash}crm/token"));
        all.push(format!("/acme/shop{slash}reports/1"));
    }
    all
}

#[test]
fn there_are_as_many_as_documented() {
    let mut all = spellings();
    assert!(all.len() >= 200, "{}", all.len());
    all.sort();
    all.dedup();
    assert!(all.len() >= 200, "{} different ones", all.len());
}
