/** Severities of RFC 5424, least severe first (MCP 2025-11-25, logging). */
export const LOG_LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const;
