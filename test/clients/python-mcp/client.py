"""One run of the Python SDK `mcp`; what it heard as JSON on stdout. Usage: client.py <url> <revision>"""

import asyncio
import json
import sys

from mcp import Client


async def main(url: str, revision: str) -> None:
    progress: list[float] = []

    async def heard(value: float, total: float | None, message: str | None) -> None:
        progress.append(value)

    mode = revision if revision == "2026-07-28" else "legacy"
    async with Client(url, mode=mode) as client:
        tools = await client.list_tools()
        echo = await client.call_tool("everything__echo", {"message": "hello"})
        long = await client.call_tool(
            "everything__trigger-long-running-operation", {"duration": 0.5, "steps": 5}, progress_callback=heard
        )
        resource = await client.read_resource("demo://resource/dynamic/text/1")
        prompt = await client.get_prompt("everything__args-prompt", {"city": "Oslo"})
        result = {
            "protocol": client.protocol_version,
            "tools": [tool.name for tool in tools.tools],
            "echo": echo.content[0].text,
            "progress": progress,
            "long": long.content[0].text,
            "resource": resource.contents[0].text,
            "prompt": prompt.messages[0].content.text,
        }
    print(json.dumps(result))


asyncio.run(main(*sys.argv[1:]))
