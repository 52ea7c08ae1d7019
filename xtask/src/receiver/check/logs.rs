//! Log records.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, SeverityNumber};

use super::{Checked, check_attributes, check_optional_id, check_resource, check_scope, demand};

/// Checks a whole request of log records.
pub(in crate::receiver) fn check_logs(request: &ExportLogsServiceRequest) -> Checked {
    let mut index = 0_usize;
    for group in &request.resource_logs {
        check_resource(group.resource.as_ref())?;
        for scoped in &group.scope_logs {
            check_scope(scoped.scope.as_ref())?;
            for record in &scoped.log_records {
                check_record(record).map_err(|reason| format!("log record {index}: {reason}"))?;
                index += 1;
            }
        }
    }
    demand(index > 0, || "the request holds no log record; send no empty envelope".to_owned())
}

fn check_record(record: &LogRecord) -> Checked {
    demand(record.observed_time_unix_nano > 0, || "its observed time is missing".to_owned())?;
    demand(SeverityNumber::try_from(record.severity_number).is_ok(), || {
        format!("severity {} is unknown; it is 0 to 24", record.severity_number)
    })?;
    check_optional_id("trace id", &record.trace_id, 16)?;
    check_optional_id("span id", &record.span_id, 8)?;
    demand(record.span_id.is_empty() || !record.trace_id.is_empty(), || {
        "it has a span id without a trace id".to_owned()
    })?;
    check_attributes(&record.attributes)
}
