use bytes::Bytes;

/// Some of the data of a report: JSON texts.
#[derive(Clone, Debug)]
pub enum Batch {
    /// Rows, each a JSON text.
    Rows(Vec<Bytes>),
    /// The one and only thing there is.
    Record(Bytes),
}

impl Batch {
    /// The rows; a record is one.
    pub fn rows(&self) -> &[Bytes] {
        match self {
            Self::Rows(rows) => rows,
            Self::Record(record) => std::slice::from_ref(record),
        }
    }
}
