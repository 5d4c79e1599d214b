//! stub
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule;
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError;
impl Rule {
    pub fn parse(_text: &str) -> Result<Self, RuleError> {
        Err(RuleError)
    }
}
