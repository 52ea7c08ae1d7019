// What fills a page of its own: the window of a panel, and the page that opens recordings.

const STYLE = `
:host, .content { position: absolute; inset: 0; color-scheme: light dark; }
:host([theme='light']) { color-scheme: light; }
:host([theme='dark']) { color-scheme: dark; }
.content { background: light-dark(#ffffff, #15171c); color: light-dark(#1a1e26, #e6e9ef); }
`;

/** Puts a place for a panel into the page; `host` has the attribute `theme`, `content` is what a panel is drawn into. */
export function fillPage() {
  const host = document.createElement('div');
  const root = host.attachShadow({ mode: 'open' });
  const content = document.createElement('main');
  content.className = 'content';
  root.append(content);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
  document.body.replaceChildren(host);
  return { host, content };
}
