//! What holds for every rule and path: matching agrees with the model, and any text is parsed or
//! refused.

use proptest::prelude::*;
use usergrid_auth_rules::permission::{CheckedPath, Rule};
use usergrid_auth_rules::steps::Steps;

use super::{allows, model, outcome};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn matching_agrees_with_the_model(
        pattern in "(/(\\*\\*|\\*|[abA?*]{0,4})){1,5}/?",
        path in "(/[abB*]{0,3}){1,6}/?",
    ) {
        prop_assert_eq!(allows(&format!("get:{pattern}"), &path, &[]), model::matches(&pattern, &path));
    }

    #[test]
    fn a_budget_of_steps_only_ever_refuses(
        patterns in prop::collection::vec("(/(\\*\\*|\\*|[abA?*]{0,4})){1,5}/?", 1..6),
        path in "(/[abB*]{0,3}){1,6}/?",
        budget in 0_usize..200,
    ) {
        let rules = patterns.iter().map(|pattern| Rule::parse(&format!("get:{pattern}")).unwrap());
        let (rules, steps) = (rules.collect::<Vec<Rule>>(), Steps::new(budget));
        let checked = CheckedPath::new(&path);
        let allowed = rules.iter().any(|rule| rule.allows(b"GET", &checked, &[], &steps));
        if steps.are_used_up() {
            prop_assert!(!allowed);
            prop_assert!(!Rule::parse("*:*").unwrap().allows(b"GET", &checked, &[], &steps));
        } else {
            prop_assert_eq!(allowed, patterns.iter().any(|pattern| model::matches(pattern, &path)));
        }
    }

    /// As Usergrid does it: by text, before anything is matched.
    #[test]
    fn a_name_stands_for_me_wherever_a_pattern_has_it(
        pieces in prop::collection::vec(prop::sample::select(vec!["me", "*", "**", "a", "m*", ""]), 1..5),
        path in "(/(tom|me|a|x|om)){1,4}/?",
    ) {
        let pattern = format!("/{}", pieces.join("/"));
        // Twice, since two in a row share a slash.
        let named = pattern.replace("/me/", "/tom/").replace("/me/", "/tom/");
        let allows = allows(&format!("get:{pattern}"), &path, &["tom"]);
        prop_assert!(allows || !model::matches(&named, &path), "{pattern} {path}");
    }

    #[test]
    fn parsing_any_text_returns(text in any::<String>(), path in any::<String>()) {
        let _ = outcome(&text, "GET", &path, &["tom".to_owned()]);
    }

    #[test]
    fn parsing_rule_like_text_returns(text in "[getpos*,: /{}$usermME?\u{e9}]{0,24}", path in "[/usermeME\u{e9}*]{0,24}") {
        let _ = outcome(&text, "GET", &path, &["me".to_owned(), "\u{e9}".to_owned()]);
    }

    #[test]
    fn a_rule_for_everything_allows_every_path(path in "/\\PC{0,40}") {
        for rule in ["get:", "get:*", "get:**", "get:/**", "get:/x,/**/**"] {
            let rule = Rule::parse(rule).unwrap();
            prop_assert!(rule.allows_everything(b"GET", &Steps::of_a_request()));
            prop_assert!(!rule.allows_everything(b"POST", &Steps::of_a_request()));
            prop_assert!(rule.allows(b"GET", &CheckedPath::new(&path), &[], &Steps::of_a_request()));
        }
    }
}
