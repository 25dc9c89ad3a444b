"""The drawings of every icon: on a grid of 24, strokes of 1.75 with round ends.

Each value is the inside of an SVG. They were drawn for this panel: one figure each, kept to
a live area of 18, so that they weigh the same beside each other.
"""

from collections.abc import Mapping

AGENTS: Mapping[str, str] = {
    "content": "<path d='M6 3.5h8l4 4v13H6z'/><path d='M13.5 3.5V8H18M9 12h6M9 15.5h4'/>",
    "seo": "<circle cx='10.5' cy='10.5' r='6.5'/><path d='m15.5 15.5 5 5M8 12.5l2-2.5 1.5 1.5L13.5 9'/>",
    "email": "<rect x='3' y='5.5' width='18' height='13' rx='2.5'/><path d='m3.8 7.5 8.2 6 8.2-6'/>",
    "social": "<circle cx='6' cy='12' r='2.6'/><circle cx='17.5' cy='6' r='2.6'/><circle cx='17.5' cy='18' r='2.6'/><path d='m8.4 10.8 6.8-3.6M8.4 13.2l6.8 3.6'/>",
    "support": "<path d='M4 14v-2a8 8 0 0 1 16 0v2'/><rect x='3' y='13' width='4.2' height='6' rx='1.8'/><rect x='16.8' y='13' width='4.2' height='6' rx='1.8'/><path d='M19 19c0 1.6-1.6 2.3-5 2.3'/>",
    "ad": "<path d='M4 10v4l2.5.5L16 18.5v-13L6.5 9.5zM6.8 14.6 8 20h2.8l-1-4.3M19 9.5a3.6 3.6 0 0 1 0 5'/>",
    "outreach": "<path d='M20.5 3.5 3.5 10l6.7 3.3 3.3 6.7zM20.5 3.5l-10.3 9.8'/>",
    "trend": "<path d='M3.5 17.5 9 11.5l4 4 7.5-8.5M15 7h5.5v5.5'/>",
    "insight": "<path d='M9 17.5c0-2.6-3-3.9-3-7.5a6 6 0 0 1 12 0c0 3.6-3 4.9-3 7.5zM9.8 20.8h4.4'/>",
    "design": "<path d='m4 20 1.2-5L16 4.2a2 2 0 0 1 2.8 0l1 1a2 2 0 0 1 0 2.8L9 18.8zM14 6.2l3.8 3.8'/>",
    "brand-voice": "<path d='M4 5.5h16v10.5h-8.5L7 20v-4H4zM8.5 9.5v2.5M12 8.3v5M15.5 9.5v2.5'/>",
    "goal-planner": "<circle cx='11.5' cy='12.5' r='8'/><circle cx='11.5' cy='12.5' r='3.6'/><path d='m11.5 12.5 8-8M16.5 4.5v3h3'/>",
    "pattern-miner": "<path d='M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4'/><circle cx='9' cy='10' r='1.6'/><circle cx='15.2' cy='9' r='1.6'/><circle cx='12.6' cy='15.2' r='1.6'/><path d='m10.6 9.7 3-.5M9.8 11.4l2 2.5M14.7 10.5l-1.5 3.2'/>",
    "segment-analyzer": "<path d='M12 3.5A8.5 8.5 0 1 0 20.5 12H12z'/><path d='M15.5 3.9a8.5 8.5 0 0 1 4.6 4.6h-4.6z'/>",
    "unattributed": "<circle cx='12' cy='12' r='8.5' stroke-dasharray='3.2 3.2'/><path d='M9.6 9.6a2.5 2.5 0 1 1 3.7 2.2c-.9.5-1.3 1-1.3 2M12 16.6v.1'/>",
}

SECTIONS: Mapping[str, str] = {
    "overview": "<path d='M4 17.5a8.5 8.5 0 1 1 16 0M12 14.5l4-5'/><circle cx='12' cy='15.5' r='1.4'/>",
    "budget": "<path d='M4 7.5V17a2.5 2.5 0 0 0 2.5 2.5h11A2.5 2.5 0 0 0 20 17v-6.5A2.5 2.5 0 0 0 17.5 8H6a2 2 0 0 1 0-4h10.5v4'/><circle cx='16' cy='13.8' r='1.2'/>",
    "agents": "<rect x='4.5' y='8' width='15' height='11.5' rx='3.5'/><path d='M12 8V4.5M9.5 13v1.5M14.5 13v1.5M2.5 12.5v3M21.5 12.5v3'/><circle cx='12' cy='3.6' r='1'/>",
    "campaigns": "<path d='M5.5 21V4c4.5-2 8 2 13.5 0v10c-5.5 2-9-2-13.5 0'/>",
    "rules": "<path d='M4 6.5h8M18 6.5h2M4 12h2M12 12h8M4 17.5h9M19 17.5h1'/><circle cx='15' cy='6.5' r='2.2'/><circle cx='9' cy='12' r='2.2'/><circle cx='16' cy='17.5' r='2.2'/>",
    "transactions": "<path d='M4 7.5h13l-3-3M20 16.5H7l3 3M9 12h6'/>",
    "rates": "<path d='M11.5 3.5h9v9l-8 8a2 2 0 0 1-2.8 0l-6.2-6.2a2 2 0 0 1 0-2.8z'/><circle cx='16.2' cy='7.8' r='1.4'/>",
    "keys": "<circle cx='8' cy='15.5' r='4.5'/><path d='M11.2 12.3 20 3.5M16.5 7l3 3M13.8 9.8l2 2'/>",
    "alerts": "<path d='M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5a2.2 2.2 0 0 0 4 0'/>",
    "reports": "<path d='M5 20.5v-17h14v17zM9 16.5v-3M12 16.5v-6M15 16.5v-9'/>",
    "audit": "<path d='M12 3.5 5 6v5.5c0 4.3 2.8 7.4 7 9 4.2-1.6 7-4.7 7-9V6z'/><path d='M9.5 10h5M9.5 13.5h3.5'/>",
    "health": "<path d='M3 12.5h4l2.5-7 4.5 13 2.5-6H21'/>",
    "settings": "<circle cx='12' cy='12' r='3'/><path d='M12 3v2.6M12 18.4V21M21 12h-2.6M5.6 12H3M18.4 5.6l-1.9 1.9M7.5 16.5l-1.9 1.9M18.4 18.4l-1.9-1.9M7.5 7.5 5.6 5.6'/>",
    "sandbox": "<path d='M4 19.5h16M6 19.5 8 10h8l2 9.5M9 10V6.5h1.5V4h3v2.5H15V10'/>",
}

STATUSES: Mapping[str, str] = {
    "ok": "<circle cx='12' cy='12' r='8.5'/><path d='m8.3 12.3 2.6 2.6 5-5.6'/>",
    "warning": "<path d='M12 4 2.8 19.5h18.4zM12 10v4.5M12 17v.1'/>",
    "danger": "<path d='M8.3 3.5h7.4l4.8 4.8v7.4l-4.8 4.8H8.3l-4.8-4.8V8.3zM12 8v5M12 16v.1'/>",
    "info": "<circle cx='12' cy='12' r='8.5'/><path d='M12 11.2v5M12 8v.1'/>",
    "active": "<circle cx='12' cy='12' r='8.5'/><path d='m10.3 8.8 5 3.2-5 3.2z'/>",
    "paused": "<circle cx='12' cy='12' r='8.5'/><path d='M10 9.2v5.6M14 9.2v5.6'/>",
    "completed": "<path d='M5.5 21V4c4.5-2 8 2 13.5 0v10c-5.5 2-9-2-13.5 0M9.3 8.7l2 2 3.6-4'/>",
    "refused": "<circle cx='12' cy='12' r='8.5'/><path d='m6 6 12 12'/>",
    "held": "<path d='M6.5 3.5h11M6.5 20.5h11M8 3.5c0 5 8 5.5 8 8.5s-8 3.5-8 8.5M16 3.5c0 5-8 5.5-8 8.5s8 3.5 8 8.5'/>",
    "locked": "<rect x='5' y='10.5' width='14' height='10' rx='2.5'/><path d='M8 10.5V8a4 4 0 0 1 8 0v2.5M12 14.5v2'/>",
    "frozen": "<path d='M12 3v18M4.2 7.5l15.6 9M19.8 7.5l-15.6 9M9.3 4.3 12 7l2.7-2.7M9.3 19.7 12 17l2.7 2.7'/>",
    "estimated": "<path d='M4 9.5c2.7-3 5.3-3 8 0s5.3 3 8 0M4 15.5c2.7-3 5.3-3 8 0s5.3 3 8 0'/>",
    "stale": "<circle cx='12' cy='12' r='8.5' stroke-dasharray='5 3'/><path d='M12 7.5V12l3 2'/>",
    "live": "<circle cx='12' cy='12' r='2.2'/><path d='M7.8 16.2a6 6 0 0 1 0-8.4M16.2 7.8a6 6 0 0 1 0 8.4M5 19a9.9 9.9 0 0 1 0-14M19 5a9.9 9.9 0 0 1 0 14'/>",
    "forecast": "<path d='M3.5 18.5 9 12.5l3.5 3'/><path d='m12.5 15.5 8-9M20.5 11V6.5H16' stroke-dasharray='2.6 2.4'/>",
    "spent": "<path d='M13 3 5 13.5h6L10 21l9-11h-6.5z'/>",
    "tokens": "<ellipse cx='12' cy='6.5' rx='7.5' ry='3'/><path d='M4.5 6.5v5c0 1.7 3.4 3 7.5 3s7.5-1.3 7.5-3v-5M4.5 11.5v5.5c0 1.7 3.4 3 7.5 3s7.5-1.3 7.5-3v-5.5'/>",
    "requests": "<path d='M4 6.5h10M4 12h16M4 17.5h7M17.5 3.5l3 3-3 3M14.5 14.5l3 3-3 3'/>",
    "savings": "<path d='M4.5 12a7.5 7.5 0 0 1 13-5.2L20 9.3M20 4.5v4.8h-4.8M19.5 12a7.5 7.5 0 0 1-13 5.2L4 14.7M4 19.5v-4.8h4.8'/>",
    "unknown": "<circle cx='12' cy='12' r='8.5'/><path d='M9.6 9.6a2.5 2.5 0 1 1 3.7 2.2c-.9.5-1.3 1-1.3 2M12 16.6v.1'/>",
}

ACTIONS: Mapping[str, str] = {
    "open": "<path d='M7 17 17 7M9 7h8v8'/>",
    "up": "<path d='M12 19.5v-15M6 10.5l6-6 6 6'/>",
    "down": "<path d='M12 4.5v15M6 13.5l6 6 6-6'/>",
    "level": "<path d='M4.5 12h15'/>",
    "left": "<path d='m14.5 5.5-6.5 6.5 6.5 6.5'/>",
    "right": "<path d='m9.5 5.5 6.5 6.5-6.5 6.5'/>",
    "expand": "<path d='m5.5 9 6.5 6.5L18.5 9'/>",
    "sort": "<path d='m8 9.5 4-4 4 4M8 14.5l4 4 4-4'/>",
    "copy": "<rect x='8.5' y='8.5' width='11.5' height='11.5' rx='2.5'/><path d='M15.5 8.5v-2A2.5 2.5 0 0 0 13 4H6.5A2.5 2.5 0 0 0 4 6.5V13a2.5 2.5 0 0 0 2.5 2.5h2'/>",
    "close": "<path d='m6 6 12 12M18 6 6 18'/>",
    "search": "<circle cx='10.5' cy='10.5' r='6.5'/><path d='m15.5 15.5 5 5'/>",
    "filter": "<path d='M3.5 5.5h17l-6.5 8v6l-4-2v-4z'/>",
    "export": "<path d='M12 3.5v11.5M7 10.5l5 5 5-5M4 20.5h16'/>",
    "save": "<path d='M6.5 3.5h11v17L12 16l-5.5 4.5z'/>",
    "share": "<path d='M10 14a4.2 4.2 0 0 0 6 0l3-3a4.2 4.2 0 0 0-6-6l-1.2 1.2M14 10a4.2 4.2 0 0 0-6 0l-3 3a4.2 4.2 0 0 0 6 6l1.2-1.2'/>",
    "edit": "<path d='m4.5 19.5 1-4.3L16 4.7l3.3 3.3L8.8 18.5zM13.8 7l3.2 3.2'/>",
    "add": "<path d='M12 5v14M5 12h14'/>",
    "remove": "<path d='M4.5 6.5h15M9.5 6.5v-3h5v3M6.5 6.5l1 14h9l1-14M10 10.5v6M14 10.5v6'/>",
    "undo": "<path d='M8.5 5 4.5 9l4 4M5 9h9a5.5 5.5 0 0 1 0 11H9'/>",
    "refresh": "<path d='M19.5 12a7.5 7.5 0 1 1-2.3-5.4L20 9.3M20 4.5v4.8h-4.8'/>",
    "play": "<path d='M7 4.5v15l12-7.5z'/>",
    "pause": "<path d='M8.5 5v14M15.5 5v14'/>",
    "help": "<path d='M8.5 8.7a3.6 3.6 0 1 1 5.3 3.2c-1.3.7-1.8 1.4-1.8 2.8M12 19v.1'/>",
    "user": "<circle cx='12' cy='8' r='4'/><path d='M4.5 20.5c.6-4 3.6-6 7.5-6s6.9 2 7.5 6'/>",
    "logout": "<path d='M13.5 4H6.5A2.5 2.5 0 0 0 4 6.5v11A2.5 2.5 0 0 0 6.5 20h7M10 12h10.5M16.5 8l4 4-4 4'/>",
    "calendar": "<rect x='4' y='5.5' width='16' height='15' rx='2.5'/><path d='M4 10.5h16M8.5 3.5v4M15.5 3.5v4'/>",
    "columns": "<rect x='3.5' y='4.5' width='17' height='15' rx='2.5'/><path d='M9.2 4.5v15M14.8 4.5v15'/>",
    "theme": "<circle cx='12' cy='12' r='8.5'/><path d='M12 3.5v17a8.5 8.5 0 0 0 0-17z' fill='#000'/>",
    "more": "<path d='M5.5 12v.1M12 12v.1M18.5 12v.1' stroke-width='2.6'/>",
}

SHAPES: Mapping[str, str] = {**AGENTS, **SECTIONS, **STATUSES, **ACTIONS}
