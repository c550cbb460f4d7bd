//! Pages of a committee that composes by a table of specification: the table, the assembly, the panel beside the paper,
//! replacements.

mod assembled;
mod form;
mod panel;
mod replace;
mod table;

pub use assembled::{assembled_page, assembled_state, form_list, relax, start, stop, take};
pub(super) use panel::Panel;
pub use replace::{replace, replace_page};
pub use table::{set_example, set_table, set_table_json, table_json, table_page};
