//! Whose applications a path may address, under each `authorization.tenancy`.
//!
//! Names and UUIDs compare through `application_ids`, and where they cannot, an answer that names
//! tenants is refused.

use usergrid_auth_config::Tenancy;
use usergrid_auth_core::authorization::{Forbidden, TenancyFinding, check, tenancy};
use usergrid_auth_core::principal::{Principal, PrincipalKind};
use usergrid_auth_rules::path::RequestPath;

use super::{APP, ORG, STRAY, fill, permits, principal, settings};

use PrincipalKind::{AdminUser, Application, ApplicationUser, Organization};

const KINDS: [PrincipalKind; 4] = [ApplicationUser, AdminUser, Application, Organization];

/// Outcomes under `if_present` and `require`; `ignore` always permits.
fn table(principal: &Principal, rows: &[(&str, bool, bool)]) {
    for (path, if_present, require) in rows {
        let who = format!("{:?} at {path}", principal.kind);
        assert_eq!(
            permits(Tenancy::IfPresent, principal, "GET", path),
            *if_present,
            "if_present {who}"
        );
        assert_eq!(permits(Tenancy::Require, principal, "GET", path), *require, "require {who}");
        assert!(permits(Tenancy::Ignore, principal, "GET", path), "ignore {who}");
    }
}

#[test]
fn an_application_by_name() {
    for kind in KINDS {
        table(
            &principal(kind, &[], &["acme/app"]),
            &[
                ("/acme/app/x", true, true),
                ("/ACME/%61pp/x", true, true),
                ("/acme/app", true, true),
                ("/acme/app/a%2fb//c;d", true, true),
                ("/acme/app2/x", false, false),
                ("/globex/app/x", false, false),
                ("/app/acme/x", false, false),
                // By UUID, through `application_ids`.
                ("/@APP/x", true, true),
                ("/apps/@APP/x", true, true),
                ("/applications/@APP/x", true, true),
                ("/acme/@APP/x", true, true),
                ("/orgs/acme/apps/@APP/x", true, true),
                ("/@SHOP/x", false, false),
                ("/acme/@SHOP/x", false, false),
                ("/globex/@SHOP/x", false, false),
                // We have the UUID of `acme/app`, and this is another.
                ("/@STRAY/x", false, false),
                // The organisation in the path does not own the application.
                ("/globex/@APP/x", false, false),
                ("/@ORG/@APP/x", true, true),
                ("/@APP/@SHOP/x", false, false),
                ("/orgs/@ORG/app/x", false, false),
                ("/orgs/@ORG/app2/x", false, false),
                // Aliases.
                ("/orgs/acme/app/x", true, true),
                ("/organizations/acme/applications/app/x", true, true),
                ("/o/acme/a/app/x", true, true),
                ("/o/globex/app/x", false, false),
                ("/o/acme/apps/app2/x", false, false),
                // A backend without aliases takes this for the application `apps`.
                ("/acme/apps/app/x", false, false),
                // Not an application's path.
                ("/", true, true),
                ("/acme", true, true),
                ("/management/organizations/acme", true, true),
                ("/status", true, true),
            ],
        );
    }
}

#[test]
fn an_application_by_uuid() {
    table(
        &principal(ApplicationUser, &[], &[APP]),
        &[
            ("/acme/app/x", true, true),
            ("/acme/app2/x", false, false),
            ("/globex/shop/x", false, false),
            ("/@APP/x", true, true),
            ("/@STRAY/x", false, false),
            ("/globex/@APP/x", false, false),
            ("/orgs/@ORG/app/x", false, false),
        ],
    );
    table(
        &principal(ApplicationUser, &[], &[STRAY]),
        &[
            ("/@STRAY/x", true, true),
            ("/any/@STRAY/x", true, true),
            // We know the UUID of this one, and it is another.
            ("/acme/app/x", false, false),
            // Nothing says whether it is this one.
            ("/acme/other/x", false, false),
        ],
    );
    table(
        &principal(ApplicationUser, &[], &["initech/one", STRAY]),
        &[
            ("/initech/one/x", true, true),
            ("/@STRAY/x", true, true),
            ("/initech/two/x", false, false),
            ("/@APP/x", false, false),
        ],
    );
    table(
        &principal(ApplicationUser, &[], &["initech/one"]),
        &[("/@STRAY/x", false, false), ("/@APP/x", false, false)],
    );
}

#[test]
fn several_applications() {
    table(
        &principal(ApplicationUser, &[], &["acme/app", "globex/shop"]),
        &[
            ("/acme/app/x", true, true),
            ("/globex/shop/x", true, true),
            ("/acme/shop/x", false, false),
            ("/globex/app/x", false, false),
        ],
    );
    // Whatever the router makes of it, it is one of theirs.
    table(
        &principal(ApplicationUser, &[], &["acme/app", "acme/apps"]),
        &[("/acme/apps/app/x", true, true), ("/acme/apps/app2/x", false, false)],
    );
}

#[test]
fn organizations_and_admin_users_cover_their_organizations() {
    for kind in [AdminUser, Organization] {
        table(
            &principal(kind, &["acme", "initech"], &[]),
            &[
                ("/acme/app/x", true, true),
                ("/Acme/other/x", true, true),
                ("/initech/x/y", true, true),
                ("/acme/apps/other/x", true, true),
                ("/o/acme/other/x", true, true),
                ("/globex/shop/x", false, false),
                ("/globex/other/x", false, false),
                ("/@APP/x", true, true),
                ("/@SHOP/x", false, false),
                ("/acme/@APP/x", true, true),
                ("/globex/@APP/x", false, false),
                // Usergrid does not look at the owner on PUT: the path proves nothing.
                ("/acme/@SHOP/x", false, false),
                ("/@STRAY/x", false, false),
                ("/acme/@STRAY/x", false, false),
                ("/globex/@STRAY/x", false, false),
                ("/management/organizations/globex", true, true),
            ],
        );
        // An application beside them is one more.
        table(
            &principal(kind, &["acme"], &["globex/shop"]),
            &[
                ("/acme/other/x", true, true),
                ("/globex/shop/x", true, true),
                ("/globex/other/x", false, false),
                ("/@APP/x", true, true),
                ("/@SHOP/x", true, true),
                ("/acme/@SHOP/x", false, false),
            ],
        );
        table(
            &principal(kind, &[ORG], &[]),
            &[
                ("/acme/app/x", false, false),
                ("/o/@ORG/app/x", true, true),
                ("/@ORG/@STRAY/x", false, false),
                ("/@STRAY/@STRAY/x", false, false),
            ],
        );
    }
}

#[test]
fn other_principals_do_not_cover_their_organization() {
    for kind in [ApplicationUser, Application] {
        table(
            &principal(kind, &["acme"], &["acme/app"]),
            &[("/acme/app/x", true, true), ("/acme/other/x", false, false)],
        );
        // Only organisations are named: the path's must be one of them.
        table(
            &principal(kind, &["acme"], &[]),
            &[
                ("/acme/app/x", true, true),
                ("/acme/other/x", true, true),
                ("/globex/shop/x", false, false),
                ("/@APP/x", true, true),
                ("/@SHOP/x", false, false),
            ],
        );
    }
}

#[test]
fn an_answer_without_tenants() {
    for kind in KINDS {
        table(
            &principal(kind, &[], &[]),
            &[
                ("/acme/app/x", true, false),
                ("/@APP/x", true, false),
                ("/orgs/acme/app/x", true, false),
                ("/acme;x/app/x", true, false),
                ("//acme/app/x", true, false),
                ("/acme", true, true),
                ("/management/me", true, true),
                ("/", true, true),
            ],
        );
    }
}

#[test]
fn unclear_names_are_refused_where_tenants_are_named() {
    for (organizations, applications) in
        [(&["acme"] as &[&str], &[] as &[&str]), (&[], &["acme/app"]), (&[], &[APP])]
    {
        for kind in KINDS {
            let principal = principal(kind, organizations, applications);
            for path in [
                "/acme;x/app/x",
                "/acme/app;x/x",
                "/acme/app%3bx/x",
                "/acme%2fapp/x",
                "/acme%2fapp",
                "//acme/app/x",
                "//globex/shop/x",
                "/acme//app/x",
                "/acme//",
                "/%ff/app/x",
                "/acme/app%20/x",
                "/ac%256de/app/x",
                "/acme/app%2f/x",
                "/orgs//acme/app",
                "/ORGS/acme/app/x",
                "/orgs;x/globex/shop/x",
                "/acme/apps//shop/x",
                "/@APP//@SHOP/x",
            ] {
                table(&principal, &[(path, false, false)]);
            }
        }
    }
}

#[test]
fn unclear_below_the_base_path_of_another_router() {
    let base = ["api".to_owned()];
    let principal = principal(ApplicationUser, &[], &["acme/app"]);
    for (path, expected) in [
        ("/api/acme/app/x", true),
        ("/api/globex/shop/x", false),
        ("/other/globex/shop/x", true),
        ("/API/globex/shop/x", false),
        ("/api;x/globex/shop/x", false),
        ("//api/globex/shop/x", false),
        ("/api%2fglobex/shop/x", false),
        ("/api%2fglobex%2fshop", false),
    ] {
        let parsed = RequestPath::parse(path.as_bytes(), &base).unwrap();
        let checked = check(&settings(Tenancy::IfPresent), &principal, b"GET", &parsed);
        assert_eq!(checked, if expected { Ok(()) } else { Err(Forbidden) }, "{path}");
    }
}

#[test]
fn a_principal_of_no_application_reaches_none() {
    let nowhere = [
        ("/acme/app/x", false, false),
        ("/@STRAY/x", false, false),
        ("/acme;x/app/x", false, false),
        ("/acme", true, true),
        ("/management/me", true, true),
    ];
    for kind in KINDS {
        for (organizations, applications) in [
            (Some(Vec::new()), None),
            (None, Some(Vec::new())),
            (Some(Vec::new()), Some(Vec::new())),
        ] {
            table(
                &Principal { organizations, applications, ..principal(kind, &[], &[]) },
                &nowhere,
            );
        }
        let covers = matches!(kind, AdminUser | Organization);
        let no_application =
            Principal { applications: Some(Vec::new()), ..principal(kind, &["acme"], &[]) };
        table(
            &no_application,
            &[("/acme/app/x", covers, covers), ("/globex/shop/x", false, false)],
        );
        let no_organization =
            Principal { organizations: Some(Vec::new()), ..principal(kind, &[], &["acme/app"]) };
        table(&no_organization, &[("/acme/app/x", true, true), ("/acme/app2/x", false, false)]);
    }
}

#[test]
fn an_organization_under_both_names_leaves_nothing_open() {
    for kind in KINDS {
        for organizations in [["acme", ORG], [ORG, "acme"]] {
            table(
                &principal(kind, &organizations, &[]),
                &[
                    ("/acme/other/x", true, true),
                    ("/globex/other/x", false, false),
                    ("/o/@ORG/other/x", true, true),
                    ("/o/@STRAY/other/x", false, false),
                    ("/@APP/x", true, true),
                    ("/@SHOP/x", false, false),
                    ("/@STRAY/x", false, false),
                    ("/acme/@STRAY/x", false, false),
                    ("/globex/@STRAY/x", false, false),
                ],
            );
        }
    }
}

/// What an operator can change by `application_ids` is told from what is somebody else's.
#[test]
fn what_cannot_be_compared_is_told_from_what_is_anothers() {
    let found = |principal: &Principal, path: &str| {
        let path = fill(path);
        let path = RequestPath::parse(path.as_bytes(), &[]).expect("a path");
        tenancy(&settings(Tenancy::IfPresent), principal, path.application())
    };
    let of = |name: &str| principal(ApplicationUser, &[], &[name]);
    let nowhere =
        Principal { organizations: Some(Vec::new()), ..principal(Organization, &[], &[]) };
    for (principal, path, expected) in [
        (principal(Organization, &[ORG], &[]), "/acme/other/x", TenancyFinding::Incomparable),
        (nowhere, "/acme/other/x", TenancyFinding::Other),
        (of("acme/app"), "/@STRAY/x", TenancyFinding::Other),
        (of("acme/other"), "/@STRAY/x", TenancyFinding::Incomparable),
        (of(STRAY), "/acme/app/x", TenancyFinding::Other),
        (of(STRAY), "/acme/other/x", TenancyFinding::Incomparable),
    ] {
        assert_eq!(found(&principal, path), expected, "{principal:?} at {path}");
    }
}
