// One run of the Go SDK; what it heard as JSON on stdout. Usage: client <url> <revision>
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func textOf(content mcp.Content) string { return content.(*mcp.TextContent).Text }

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var mutex sync.Mutex
	progress := []float64{}
	client := mcp.NewClient(&mcp.Implementation{Name: "go", Version: "1"}, &mcp.ClientOptions{
		ProgressNotificationHandler: func(_ context.Context, request *mcp.ProgressNotificationClientRequest) {
			mutex.Lock()
			defer mutex.Unlock()
			progress = append(progress, request.Params.Progress)
		},
	})
	transport := &mcp.StreamableClientTransport{Endpoint: os.Args[1]}
	session := must(client.Connect(ctx, transport, &mcp.ClientSessionOptions{ProtocolVersion: os.Args[2]}))
	tools := []string{}
	for tool, err := range session.Tools(ctx, nil) {
		tools = append(tools, must(tool, err).Name)
	}
	echo := must(session.CallTool(ctx, &mcp.CallToolParams{
		Name: "everything__echo", Arguments: map[string]any{"message": "hello"},
	}))
	params := &mcp.CallToolParams{
		Meta:      mcp.Meta{},
		Name:      "everything__trigger-long-running-operation",
		Arguments: map[string]any{"duration": 0.5, "steps": 5},
	}
	params.SetProgressToken("go-progress")
	long := must(session.CallTool(ctx, params))
	resource := must(session.ReadResource(ctx, &mcp.ReadResourceParams{URI: "demo://resource/dynamic/text/1"}))
	prompt := must(session.GetPrompt(ctx, &mcp.GetPromptParams{
		Name: "everything__args-prompt", Arguments: map[string]string{"city": "Oslo"},
	}))
	protocol := session.InitializeResult().ProtocolVersion
	if err := session.Close(); err != nil {
		log.Fatal(err)
	}
	mutex.Lock()
	defer mutex.Unlock()
	if err := json.NewEncoder(os.Stdout).Encode(map[string]any{
		"protocol": protocol,
		"tools":    tools,
		"echo":     textOf(echo.Content[0]),
		"progress": progress,
		"long":     textOf(long.Content[0]),
		"resource": resource.Contents[0].Text,
		"prompt":   textOf(prompt.Messages[0].Content),
	}); err != nil {
		log.Fatal(err)
	}
}
