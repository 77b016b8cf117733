//! The BPMN of the demo processes: their flow nodes in a row, with a diagram.

use std::fmt::Write as _;

use super::{INVOICE_STEPS, ORDER_STEPS, RETURN_STEPS};

/// The BPMN of a process of the demo data.
pub(super) fn bpmn(key: &str) -> String {
    let steps: &[(&str, &str)] = match key {
        "invoice" => &INVOICE_STEPS,
        "order-return" => &RETURN_STEPS,
        _ => &ORDER_STEPS,
    };
    let (mut nodes, mut flows, mut shapes) = (String::new(), String::new(), String::new());
    for (place, (id, name)) in steps.iter().enumerate() {
        let kind = if name.is_empty() { "exclusiveGateway" } else { "task" };
        let name = name.replace('&', "&amp;").replace('"', "&quot;");
        let name = if name.is_empty() { String::new() } else { format!(" name=\"{name}\"") };
        // Writing into a String cannot fail, here and below.
        let _ = write!(nodes, "<bpmn:{kind} id=\"{id}\"{name}/>");
        let (x, wide, high) =
            (100 + 150 * place, if kind == "task" { 100 } else { 50 }, if kind == "task" { 80 } else { 50 });
        let _ = write!(
            shapes,
            "<bpmndi:BPMNShape id=\"{id}_di\" bpmnElement=\"{id}\"><dc:Bounds x=\"{x}\" y=\"{}\" width=\"{wide}\" \
             height=\"{high}\"/></bpmndi:BPMNShape>",
            140 - high / 2
        );
        if let Some((next, _)) = steps.get(place + 1) {
            let _ = write!(flows, "<bpmn:sequenceFlow id=\"flow{place}\" sourceRef=\"{id}\" targetRef=\"{next}\"/>");
            let _ = write!(
                shapes,
                "<bpmndi:BPMNEdge id=\"flow{place}_di\" bpmnElement=\"flow{place}\"><di:waypoint x=\"{}\" y=\"140\"/>\
                 <di:waypoint x=\"{}\" y=\"140\"/></bpmndi:BPMNEdge>",
                x + wide,
                x + 150
            );
        }
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<bpmn:definitions \
         xmlns:bpmn=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
         xmlns:bpmndi=\"http://www.omg.org/spec/BPMN/20100524/DI\" xmlns:dc=\"http://www.omg.org/spec/DD/20100524/DC\" \
         xmlns:di=\"http://www.omg.org/spec/DD/20100524/DI\" targetNamespace=\"demo\">\
         <bpmn:process id=\"{key}\" isExecutable=\"true\">{nodes}{flows}</bpmn:process>\
         <bpmndi:BPMNDiagram id=\"diagram\"><bpmndi:BPMNPlane id=\"plane\" bpmnElement=\"{key}\">{shapes}</bpmndi:BPMNPlane>\
         </bpmndi:BPMNDiagram></bpmn:definitions>"
    )
}
