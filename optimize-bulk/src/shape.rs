//! Which records a row gives, and with which columns.

use std::borrow::Cow;

use optimize_api::json_text::JsonText;

use crate::activities::Activities;
use crate::cell::Cell;
use crate::row::{Column, NODE_DURATION, cells};
use crate::selection::Selection;
use crate::types::millisecond;

/// What a record of a raw-data report stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Table {
    /// A row as the server sends it.
    #[default]
    Rows,
    /// A process instance, with its variables and the durations of its flow nodes as columns.
    Instances,
    /// A flow node instance, with the column names of event logs: `case:concept:name` and so on.
    Events,
    /// A process instance with its flow node instances in one cell, for event logs.
    Log,
}

/// Which records a row gives, and with which columns.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// What a record of a raw-data report stands for.
    pub table: Table,
    /// Whether a report that is grouped twice gives a record per outer group, with a column per inner one; else a record
    /// per pair.
    pub is_wide: bool,
    /// The flow nodes of the process.
    pub activities: Activities,
    /// The columns that were chosen.
    pub selection: Selection,
}

/// The cells of a record.
pub(crate) type Record<'a> = Vec<(Column<'a>, Cell<'a>)>;

impl Shape {
    /// Whether a record is a row as it is.
    pub(crate) fn is_plain(&self) -> bool {
        self.table == Table::Rows && self.selection.is_empty() && !self.is_wide
    }

    /// Calls `each` with the records of a row, until it fails. The inner result is `Err` for a row that is not JSON.
    pub(crate) fn records<E>(
        &mut self,
        row: &[u8],
        mut each: impl FnMut(Record<'_>) -> Result<(), E>,
    ) -> Result<Result<(), E>, NotJson> {
        let cells = cells(row).ok_or(NotJson)?;
        if self.table == Table::Events {
            return Ok(self.events(&cells, each));
        }
        if (self.table != Table::Rows || self.is_wide)
            && let Some(groups) = inner_groups(&cells)
        {
            return Ok(self.groups(&cells, &groups, each));
        }
        let cells = match self.table {
            Table::Rows => cells,
            _ if !self.selection.is_empty() => {
                let nodes = cells.iter().find(|(column, _)| is_member(column, DURATIONS));
                let nodes = nodes.and_then(|(_, cell)| if let Cell::Json(json) = cell { Some(*json) } else { None });
                let more: Vec<_> = nodes.into_iter().flat_map(durations).collect();
                cells.into_iter().chain(more).collect()
            }
            table => flattened(cells, table),
        };
        Ok(each(self.selection.picked(cells)))
    }

    /// A record for each pair of an outer and an inner group, or a wide one for all of an outer group.
    fn groups<E>(
        &mut self,
        cells: &Record<'_>,
        groups: &[JsonText<'_>],
        mut each: impl FnMut(Record<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let outer = cells.iter().filter(|(column, _)| !is_member(column, "value"));
        let part = |group: JsonText<'_>, name: &str| group.member(name).map(|value| value.text().into_owned());
        if self.is_wide {
            let names: Vec<_> = groups.iter().map(|group| part(*group, "key").unwrap_or_default()).collect();
            let inner = groups.iter().zip(&names).filter_map(|(group, name)| {
                let column = Column::Part("value".into(), name.as_str().into());
                Some((column, Cell::Json(group.member("value")?)))
            });
            let record = outer.cloned().chain(inner).collect();
            return each(self.selection.picked(record));
        }
        for group in groups {
            let inner = [("key", "distributedBy.key"), ("label", "distributedBy.label"), ("value", "value")];
            let inner = inner
                .into_iter()
                .filter_map(|(name, heading)| Some((Column::Member(heading.into()), Cell::Json(group.member(name)?))));
            let record = outer.clone().cloned().chain(inner).collect();
            each(self.selection.picked(record))?;
        }
        Ok(())
    }

    /// A record for each flow node instance, in the order they began.
    fn events<E>(&mut self, cells: &Record<'_>, mut each: impl FnMut(Record<'_>) -> Result<(), E>) -> Result<(), E> {
        let find = |name: &str| cells.iter().find(|(column, _)| is_member(column, name)).map(|(_, cell)| cell.clone());
        let case = find("processInstanceId");
        let definition = find("processDefinitionKey");
        let Some(Cell::Json(instances)) = find(INSTANCES) else { return Ok(()) };
        for event in Event::of(instances.json()) {
            let name = event.name.map(JsonText::text).unwrap_or_default();
            let id = self.activities.id(&name).unwrap_or_default().to_owned();
            let transition = if event.has_end() { "complete" } else { "start" };
            let time = if event.has_end() { event.end } else { event.start };
            let record = Vec::from([
                named("case:concept:name", case.clone()),
                named("concept:name", event.name.map(Cell::Json)),
                named("activity:id", Some(Cell::Made(&id))),
                named("concept:instance", event.id.map(Cell::Json)),
                named("lifecycle:transition", Some(Cell::Made(transition))),
                named("start_timestamp", event.start.map(Cell::Json)),
                named("time:timestamp", time.map(Cell::Json)),
                named("case:processDefinitionKey", definition.clone()),
            ]);
            each(self.selection.picked(record))?;
        }
        Ok(())
    }
}

/// A cell of a column; an empty one if there is none.
fn named<'a>(name: &'static str, cell: Option<Cell<'a>>) -> (Column<'a>, Cell<'a>) {
    (Column::Member(name.into()), cell.unwrap_or(Cell::Made("")))
}

/// A row that is not JSON.
#[derive(Debug)]
pub(crate) struct NotJson;

/// The member that holds a process instance's flow nodes.
pub(crate) const INSTANCES: &str = "flowNodeInstances";
const DURATIONS: &str = "flowNodeDurations";

/// A flow node instance of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event<'a> {
    pub(crate) id: Option<JsonText<'a>>,
    pub(crate) name: Option<JsonText<'a>>,
    pub(crate) start: Option<JsonText<'a>>,
    pub(crate) end: Option<JsonText<'a>>,
    /// When it began, in milliseconds since 1970.
    pub(crate) began: Option<i64>,
}

impl<'a> Event<'a> {
    /// The flow node instances of an array, in the order they began; those of one moment in the server's.
    pub(crate) fn of(instances: &'a str) -> Vec<Self> {
        const MEMBERS: [&str; 4] = ["id", "name", "startDate", "endDate"];
        let found = JsonText::members_of_elements(instances, MEMBERS);
        // Something in it is no object.
        let found = found.unwrap_or_else(|| {
            let elements = JsonText::parse(instances.as_bytes()).and_then(JsonText::elements).unwrap_or_default();
            elements.into_iter().map(|element| MEMBERS.map(|member| element.member(member))).collect()
        });
        let events = found.into_iter().map(|[id, name, start, end]| {
            let began = start.and_then(|start| millisecond(&start.text()));
            Self { id, name, start, end, began }
        });
        let mut events: Vec<_> = events.collect();
        events.sort_by_key(|event| event.began);
        events
    }

    /// Whether it ended in the moment in which it began, by the same text.
    pub(crate) fn is_instant(&self) -> bool {
        matches!((self.start, self.end), (Some(start), Some(end)) if start.json() == end.json())
    }

    /// Whether the flow node was left.
    pub(crate) fn has_end(&self) -> bool {
        self.end.is_some_and(|end| !end.is_empty())
    }
}

pub(crate) fn is_member(column: &Column<'_>, name: &str) -> bool {
    matches!(column, Column::Member(member) if member == name)
}

/// The inner groups of a row that is grouped twice.
fn inner_groups<'a>(cells: &Record<'a>) -> Option<Vec<JsonText<'a>>> {
    let (_, value) = cells.iter().find(|(column, _)| is_member(column, "value"))?;
    let Cell::Json(value) = value else { return None };
    cells.iter().find(|(column, _)| is_member(column, "key"))?;
    let groups = value.elements()?;
    groups.iter().all(|group| group.is_object() && group.member("key").is_some()).then_some(groups)
}

/// The durations of flow nodes, each in a column of its own.
fn durations(nodes: JsonText<'_>) -> impl Iterator<Item = (Column<'_>, Cell<'_>)> {
    nodes.object().unwrap_or_default().into_iter().map(|(id, node)| {
        let value = if node.is_object() { node.member("value") } else { Some(node) };
        (Column::Variable(NODE_DURATION, id), value.map_or(Cell::Made(""), Cell::Json))
    })
}

/// Objects as columns. Flow node instances are records of another table; a log has them, and no durations beside.
fn flattened(cells: Record<'_>, table: Table) -> Record<'_> {
    let mut flat = Vec::with_capacity(cells.len() + 16);
    for (column, cell) in cells {
        let Column::Member(name) = &column else {
            flat.push((column, cell));
            continue;
        };
        match &**name {
            INSTANCES if table != Table::Log => continue,
            DURATIONS if table == Table::Log => continue,
            _ => {}
        }
        let object = if let Cell::Json(json) = cell { Some(json).filter(|json| json.is_object()) } else { None };
        match object.and_then(|object| Some((object, object.object()?))) {
            Some((nodes, _)) if name == DURATIONS => flat.extend(durations(nodes)),
            Some((_, parts)) if parts.iter().all(|(_, part)| !part.is_nested()) => {
                for (part, value) in parts {
                    flat.push((Column::Part(name.clone(), Cow::Owned(part.into_owned())), Cell::Json(value)));
                }
            }
            _ => flat.push((column, cell)),
        }
    }
    flat
}
