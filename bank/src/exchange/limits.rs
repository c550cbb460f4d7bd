//! How much a file may ask of the machine. Each refusal names the limit that it met.

/// Bounds of what is read. [`Limits::default`] suits a server; a test may ask for less.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of a file that is read whole, and of what an archive unpacks to.
    pub file_bytes: u64,
    /// Bytes of one question in a file that is streamed.
    pub question_bytes: u64,
    /// Bytes of one picture.
    pub picture_bytes: u64,
    /// Bytes of one PDF or video.
    pub document_bytes: u64,
    /// Files in an archive.
    pub archive_entries: usize,
    /// Unpacked bytes for a packed one, in each file of an archive above a mebibyte.
    pub archive_ratio: u64,
    /// Nesting of XML elements.
    pub xml_depth: usize,
    /// XML elements in one question, or in one document of a package.
    pub xml_elements: usize,
    /// Entries in a file.
    pub entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 128 * 1024 * 1024,
            // A video of the largest size, in base64, with what stands around it.
            question_bytes: 72 * 1024 * 1024,
            picture_bytes: 20 * 1024 * 1024,
            document_bytes: 50 * 1024 * 1024,
            archive_entries: 20_000,
            archive_ratio: 200,
            xml_depth: 64,
            xml_elements: 20_000,
            entries: 200_000,
        }
    }
}

/// Elements that a document read whole may hold, for one that a question may.
pub(super) const DOCUMENT: usize = 50;
