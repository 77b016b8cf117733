//! The imported data of process definitions.

use crate::client::Client;
use crate::error::Error;
use crate::operation;
use crate::transport::spec::RequestSpec;

/// Operations on the imported data of process definitions.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/example.rs")); }
/// # example::with_sandbox(async |client, sandbox| {
/// let error = client.process_definitions().delete(2251799813685249).await.unwrap_err();
/// assert_eq!(error.operation(), Some("process-definition.delete"));
/// # Ok(())
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct ProcessDefinitions {
    pub(crate) client: Client,
}

impl ProcessDefinitions {
    /// Queues the deletion of the imported data of one version of a process definition, by its numeric key.
    /// `DELETE /api/public/process-definition/{id}`, since 8.10. [`Once`](crate::Retry::Once).
    ///
    /// Success says that the job is queued, not that it was carried out; the only way to find out is to call again, which
    /// fails with [`NotFound`](crate::ErrorKind::NotFound) once it was. A job that is still queued is
    /// [`Conflict`](crate::ErrorKind::Conflict). On self-managed servers the jobs are only carried out
    /// where that has been switched on. The cluster's own definition is untouched.
    pub async fn delete(&self, key: i64) -> Result<(), Error> {
        self.client.transport.send_void(&delete(key)?).await
    }
}

fn delete(key: i64) -> Result<RequestSpec, Error> {
    RequestSpec::with_id(&operation::PROCESS_DEFINITION_DELETE, &key.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_a_number_in_the_path() {
        let spec = delete(2_251_799_813_685_249).unwrap();
        insta::assert_snapshot!(spec.wire_form(), @"DELETE /api/public/process-definition/2251799813685249");
    }
}
