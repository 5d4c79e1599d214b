//! stub
use super::Config;
#[derive(Debug)]
pub struct Problems(pub Vec<String>);
impl Problems {
    pub fn iter(&self) -> impl Iterator<Item = &String> {
        self.0.iter()
    }
}
impl Config {
    pub fn parse(_text: &[u8], _env: &dyn Fn(&str) -> Option<Vec<u8>>) -> Result<Self, Problems> {
        Err(Problems(Vec::new()))
    }
}
