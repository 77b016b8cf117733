//! The flow nodes of a process, from its BPMN: rows have the name of a node, or its id if it has no name.

use std::collections::{HashMap, HashSet};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// The flow nodes of a process, by name.
#[derive(Clone, Debug, Default)]
pub struct Activities {
    /// `None` for a name that several nodes have.
    by_name: HashMap<String, Option<String>>,
    ids: HashSet<String>,
}

impl Activities {
    /// Reads a BPMN text. Text that is not XML gives as many as come before its fault.
    pub fn of_bpmn(xml: &str) -> Self {
        let mut activities = Self::default();
        let mut reader = Reader::from_str(xml);
        loop {
            match reader.read_event() {
                Ok(Event::Start(element) | Event::Empty(element)) => activities.add(&element),
                Ok(Event::Eof) | Err(_) => return activities,
                Ok(_) => {}
            }
        }
    }

    fn add(&mut self, element: &BytesStart<'_>) {
        let attribute = |name: &str| {
            let found = element.try_get_attribute(name).ok().flatten()?;
            Some(found.normalized_value(quick_xml::XmlVersion::default()).ok()?.into_owned())
        };
        let Some(id) = attribute("id") else { return };
        if let Some(name) = attribute("name") {
            let known = self.by_name.entry(name).or_insert_with(|| Some(id.clone()));
            if known.as_ref() != Some(&id) {
                *known = None;
            }
        }
        self.ids.insert(id);
    }

    /// The id of the flow node that a row calls by this name; `None` if it is not known, or if several have this name.
    pub fn id<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        match self.by_name.get(name) {
            Some(id) => id.as_deref(),
            None => self.ids.get(name).map(String::as_str),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_ids_unless_several_nodes_have_them() {
        let activities = Activities::of_bpmn(
            r#"<bpmn:definitions xmlns:bpmn="x"><bpmn:process id="p" name="Order">
               <bpmn:startEvent id="begin"/><bpmn:task id="a" name="Say &quot;hi&quot;"><x/></bpmn:task>
               <bpmn:task id="b" name="Twice"/><bpmn:task id="c" name="Twice"/></bpmn:process></bpmn:definitions>"#,
        );
        assert_eq!(activities.id("Say \"hi\""), Some("a"));
        assert_eq!(activities.id("begin"), Some("begin"));
        assert_eq!((activities.id("Twice"), activities.id("other")), (None, None));
        assert_eq!(Activities::of_bpmn("<a id='x' name='y'/><").id("y"), Some("x"));
    }
}
