//! Log records.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::logs::v1::LogRecord;

use super::{Checked, careful_attributes, careful_resource, careful_scope, demand, demand_items, text};

pub(in crate::receiver) fn careful_logs(request: &ExportLogsServiceRequest) -> Checked {
    let mut index = 0_usize;
    for group in &request.resource_logs {
        careful_resource(group.resource.as_ref())?;
        demand_items(group.scope_logs.len(), "scopes")?;
        for scoped in &group.scope_logs {
            careful_scope(scoped.scope.as_ref())?;
            demand_items(scoped.log_records.len(), "log records")?;
            for record in &scoped.log_records {
                careful_record(record)
                    .map_err(|reason| format!("log record {index} \"{}\": {reason}", record.event_name))?;
                index += 1;
            }
        }
    }
    Ok(())
}

fn careful_record(record: &LogRecord) -> Checked {
    careful_attributes(&record.attributes)?;
    demand(record.severity_number > 0, || "it has no severity".to_owned())?;
    demand(!record.severity_text.is_empty(), || "it has no severity text".to_owned())?;
    demand(record.time_unix_nano <= record.observed_time_unix_nano, || {
        "it was observed before it happened".to_owned()
    })?;
    let says = record.body.as_ref().is_some_and(|body| body.value.is_some());
    demand(says || !record.event_name.is_empty(), || "it has neither a body nor an event name".to_owned())?;
    demand(!record.event_name.contains(char::is_whitespace), || "its event name has a space".to_owned())?;
    let has = |key| text(&record.attributes, key).is_some();
    demand(!has("event.name"), || "event.name is an attribute; it has a field of its own".to_owned())?;
    let exception = record.attributes.iter().any(|attribute| attribute.key.starts_with("exception."));
    demand(!exception || has("exception.type") || has("exception.message"), || {
        "it is an exception without exception.type or exception.message".to_owned()
    })
}
