import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.spec.McpSchema;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** One run of the Java SDK; what it heard as JSON on stdout. Usage: Client &lt;origin of the gateway&gt; */
public final class Client {
    public static void main(String[] args) throws Exception {
        var progress = new CopyOnWriteArrayList<Double>();
        var transport = HttpClientStreamableHttpTransport.builder(args[0]).build();
        var client = McpClient.sync(transport)
            .requestTimeout(Duration.ofMinutes(1))
            .clientInfo(new McpSchema.Implementation("java", "1"))
            .progressConsumer(notification -> progress.add(notification.progress()))
            .build();
        var result = new TreeMap<String, Object>();
        try {
            result.put("protocol", client.initialize().protocolVersion());
            result.put("tools", client.listTools().tools().stream().map(McpSchema.Tool::name).toList());
            result.put("echo", call(client, "everything__echo", Map.of("message", "hello"), null));
            var steps = Map.<String, Object>of("duration", 0.5, "steps", 5);
            result.put("long", call(client, "everything__trigger-long-running-operation", steps, "java-progress"));
            result.put("progress", progress);
            var read = client.readResource(new McpSchema.ReadResourceRequest("demo://resource/dynamic/text/1"));
            result.put("resource", ((McpSchema.TextResourceContents) read.contents().get(0)).text());
            var prompt = client.getPrompt(
                new McpSchema.GetPromptRequest("everything__args-prompt", Map.of("city", "Oslo")));
            result.put("prompt", ((McpSchema.TextContent) prompt.messages().get(0).content()).text());
        } finally {
            client.closeGracefully();
        }
        System.out.println(McpJsonDefaults.getMapper().writeValueAsString(result));
        System.exit(0);
    }

    private static String call(
        io.modelcontextprotocol.client.McpSyncClient client, String name, Map<String, Object> arguments, String token) {
        var request = McpSchema.CallToolRequest.builder().name(name).arguments(arguments);
        if (token != null) request.progressToken(token);
        List<McpSchema.Content> content = client.callTool(request.build()).content();
        return ((McpSchema.TextContent) content.get(0)).text();
    }
}
