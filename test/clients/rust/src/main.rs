//! One run of rmcp; what it heard as JSON on stdout. Usage: client <url> <revision>
use std::error::Error;
use std::sync::{Arc, Mutex};

use rmcp::model::*;
use rmcp::service::{NotificationContext, serve_client_with_lifecycle};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::{ClientHandler, ClientLifecycleMode, RoleClient};
use serde_json::{Value, json};

#[derive(Clone, Default)]
struct Handler(Arc<Mutex<Vec<f64>>>);

impl ClientHandler for Handler {
    async fn on_progress(&self, params: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        self.0.lock().unwrap().push(params.progress);
    }
}

fn arguments(value: Value) -> JsonObject {
    value.as_object().unwrap().clone()
}

/// The member at `pointer` of what the library made of an answer.
fn at(answer: &impl serde::Serialize, pointer: &str) -> Value {
    serde_json::to_value(answer).unwrap().pointer(pointer).cloned().unwrap_or(Value::Null)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let [url, revision] = std::env::args().skip(1).collect::<Vec<_>>().try_into().unwrap();
    let lifecycle = if revision == "2026-07-28" {
        ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] }
    } else {
        ClientLifecycleMode::Initialize
    };
    let handler = Handler::default();
    let transport = StreamableHttpClientTransport::from_uri(url.as_str());
    let client = serve_client_with_lifecycle(handler.clone(), transport, lifecycle).await?;
    let tools: Vec<_> = client.list_all_tools().await?.into_iter().map(|tool| tool.name).collect();
    let echo = CallToolRequestParams::new("everything__echo").with_arguments(arguments(json!({"message": "hello"})));
    let echo = client.call_tool(echo).await?;
    let long = CallToolRequestParams::new("everything__trigger-long-running-operation")
        .with_arguments(arguments(json!({"duration": 0.5, "steps": 5})));
    let long = client.call_tool(long).await?;
    let resource = client.read_resource(ReadResourceRequestParams::new("demo://resource/dynamic/text/1")).await?;
    let prompt = GetPromptRequestParams::new("everything__args-prompt").with_arguments(arguments(json!({"city": "Oslo"})));
    let prompt = client.get_prompt(prompt).await?;
    let protocol = client.peer_info().map(|info| info.protocol_version.to_string());
    client.cancel().await?;
    let heard = json!({
        "protocol": protocol,
        "tools": tools,
        "echo": at(&echo, "/content/0/text"),
        "progress": *handler.0.lock().unwrap(),
        "long": at(&long, "/content/0/text"),
        "resource": at(&resource, "/contents/0/text"),
        "prompt": at(&prompt, "/messages/0/content/text"),
    });
    println!("{heard}");
    Ok(())
}
