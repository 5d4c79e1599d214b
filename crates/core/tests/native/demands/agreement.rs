//! Where two readings of a request may be two different things, nobody chooses.

use super::*;

#[test]
fn readings_agree_or_they_do_not() {
    for (rule, request, expected) in [
        ("*:/acme/**", "GET /acme/shop/x", Agreement::Every),
        ("*:/acme/**", "GET /acme/shop/x/", Agreement::Every),
        ("*:/acme/**", "GET /ACME/%73hop/x", Agreement::Every),
        ("*:/acme/**", "PATCH /acme/shop/x", Agreement::Every),
        ("*:/acme/**", "GET /acme/shop/x;a=b/y", Agreement::Every),
        ("*:/acme/**", "GET /acme/UUID/x", Agreement::Every),
        ("*:/acme/**", "GET /globex/shop/x", Agreement::None),
        ("*:/acme/**", "GET /", Agreement::None),
        ("*:/acme/shop/**", "GET /acme/shop/user/tom", Agreement::Every),
        ("*:/**", "GET /UUID/x", Agreement::Every),
        // Whose application it is, the path does not say.
        ("*:/acme/**", "GET /UUID/x", Agreement::Disagree),
        ("*:/acme/shop/**", "GET /acme/UUID/x", Agreement::Disagree),
        ("*:/acme/b6768a08-*/x", "GET /acme/UUID/x", Agreement::Disagree),
        ("*:/acme/*/x", "GET /acme/UUID/x", Agreement::Every),
        // To Usergrid's router it is acme's, to another `orgs` is the organisation.
        ("*:/acme/**", "GET /orgs/acme/apps/shop/x", Agreement::Disagree),
        ("*:/acme/shop/**", "GET /acme/apps/shop/x", Agreement::Disagree),
        // With its parameters it is another path.
        ("*:/*/*/reports", "GET /acme/shop/reports;x", Agreement::Disagree),
        ("*:/*/*/*.pdf", "GET /acme/shop/a;.pdf", Agreement::Disagree),
        ("*:/*/*/*.pdf", "GET /acme/shop/a.pdf;.png", Agreement::Disagree),
        ("*:/*/*/*", "GET /acme/shop/a;.pdf", Agreement::Every),
        // One method and not the other.
        ("post:/acme/**", "POST /acme/shop/x", Agreement::Every),
        ("post:/acme/**", "PATCH /acme/shop/x", Agreement::Disagree),
        ("get,put,post,delete:/acme/**", "PATCH /acme/shop/x", Agreement::Disagree),
        ("post:/acme/**", "GET /acme/shop/x", Agreement::None),
        // Unclear, whatever the rules are about.
        ("*:/acme/**", "GET /acme//x", Agreement::Disagree),
        ("*:/acme/**", "GET /globex//x", Agreement::Disagree),
        ("post:/acme/**", "GET /globex/a%2fb", Agreement::Disagree),
    ] {
        let request = request.replace("UUID", UUID);
        assert_eq!(agreement(&rules(&[rule]), &request), expected, "`{rule}` {request}");
    }
}

#[test]
fn several_rules_together_may_cover_what_none_does_alone() {
    let both = rules(&["post:/acme/**", "delete:/acme/**"]);
    let path = RequestPath::parse(b"/acme/shop/x", &[]).unwrap();
    let methods = Methods::of(b"POST").or_override(b"DELETE");
    let request = Readings::new(methods, &path, true);
    assert_eq!(both.agreement(&request, &Steps::of_a_request()), Agreement::Every);
    let post = rules(&["post:/acme/**"]);
    assert_eq!(post.agreement(&request, &Steps::of_a_request()), Agreement::Disagree);
    let aliases = rules(&["*:/acme/**", "*:/orgs/acme/**"]);
    assert_eq!(agreement(&aliases, "GET /orgs/acme/shop/x"), Agreement::Every);
}

#[test]
fn no_rules_agree_on_nothing_and_what_is_too_costly_on_no_answer() {
    assert_eq!(agreement(&DemandRules::default(), "GET //"), Agreement::None);
    let long = format!("GET /acme/{}", "a/".repeat(100).repeat(60));
    let long = long.get(..long.len().min(500)).unwrap().to_owned() + &"a".repeat(9_000);
    assert_eq!(agreement(&rules(&["*:/acme/**"]), &long), Agreement::Disagree);
}
