"Find links and resources of the built pages that lead nowhere, or to another machine for something the page needs"
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

class Page(HTMLParser):
    "The ids of a page, the links on it, and the resources that it loads"
    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.loads = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if attrs.get('id'): self.ids.add(attrs['id'])
        if tag=='a' and attrs.get('href'): self.links.append(attrs['href'])
        if tag=='link' and attrs.get('href'): self.loads.append(attrs['href'])
        if tag!='a' and attrs.get('src'): self.loads.append(attrs['src'])

def broken_links(folder):
    "One line for each link in `folder` whose page or anchor is missing, and for each resource from elsewhere"
    pages = {p.name: Page(p.read_text(encoding='utf-8')) for p in sorted(folder.glob('*.html'))}
    broken = []
    for name, page in pages.items():
        for url in page.links + page.loads:
            parts = urlsplit(url)
            if parts.scheme=='data': continue
            if parts.scheme or parts.netloc:
                if url in page.loads: broken.append(f'{name}: loads {url}')
                continue
            target, anchor = unquote(parts.path) or name, unquote(parts.fragment)
            if not (folder/target).exists(): broken.append(f'{name}: {url}')
            elif target in pages and anchor not in pages[target].ids | {'', 'top'}: broken.append(f'{name}: {url}')
    return broken
