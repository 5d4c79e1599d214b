//! stub
#[derive(Clone, Debug)]
pub struct RequestPath;
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokenPath;
impl RequestPath {
    pub fn parse(_path: &[u8], _base: &[String]) -> Result<Self, BrokenPath> {
        Err(BrokenPath)
    }
    pub fn application_label(&self) -> String {
        String::new()
    }
    pub fn is_clear(&self) -> bool {
        false
    }
}
