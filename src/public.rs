//! stub
use crate::{path::RequestPath, permission::Rule};
#[derive(Clone, Debug, Default)]
pub struct PublicRules;
impl PublicRules {
    pub fn new(_rules: Vec<Rule>) -> Self {
        Self
    }
    pub fn admits(&self, _method: &[u8], _path: &RequestPath) -> bool {
        false
    }
}
