//! Exporters of Atelier's telemetry
