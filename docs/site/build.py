#!/usr/bin/env python3
"""The documentation as a folder of plain pages: docs/*.md, the tutorials, the README of each folder,
and the commands as they describe themselves with --help.

    docs/site/build.py OUT [PROGRAMS]

PROGRAMS is the folder of the built programs; without it the page of the commands is left out. Needs
python3-markdown. Fails, with a line for each fault, if a link leads nowhere or a page wants anything
from another place.
"""
import html
import html.parser
import os
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.parse

try:
    import markdown
except ImportError:
    print("python3-markdown is not there")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HERE = pathlib.Path(__file__).resolve().parent

# The side bar: what users read first; what is not named here comes under "How it is built".
SECTIONS = [
    ("Start", ["README.md", "docs/tutorials/broker-developer.md", "docs/tutorials/client-developer.md",
               "docs/tutorials/fleet-operator.md", "docs/tutorials/release-engineer.md"]),
    ("Use", ["commands", "scenarios/README.md", "docs/watching.md", "docs/conform.md",
             "docs/explore.md",
             "docs/campaigns.md", "docs/gate.md", "docs/ci/README.md", "docs/other-brokers.md",
             "docs/findings.md"]),
    ("The networks", ["docs/links.md", "docs/validation.md", "docs/polling.md"]),
    ("Broker and clients", ["docs/broker.md", "docs/protocol.md", "docs/bench.md"]),
]
NAMES = {"README.md": "mqttlab", "scenarios/README.md": "The scenario language",
         "docs/ci/README.md": "In continuous integration"}


def sources():
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
                            cwd=ROOT, capture_output=True, text=True)
    if listed.returncode == 0:
        return sorted(name for name in listed.stdout.splitlines() if (ROOT / name).exists())
    return sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob("*.md")
                  if not {"build", "node_modules"} & set(path.parts))


def page_of(source):
    """README.md of the root is the first page; the others lie where their sources do."""
    if source == "README.md":
        return "index.html"
    return re.sub(r"README\.html$", "index.html", re.sub(r"\.md$", ".html", source))


def title_of(source, text):
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return NAMES.get(source) or (found.group(1).replace("`", "") if found else source)


class Site:
    def __init__(self, out):
        self.out = out
        self.titles = {source: title_of(source, (ROOT / source).read_text()) for source in sources()}
        self.faults = []
        self.copied = set()

    def sections(self, has_commands):
        shown = {source for _, group in SECTIONS for source in group}
        for name, group in SECTIONS:
            entries = [(page_of(source), self.titles[source]) for source in group if source in self.titles]
            if has_commands and "commands" in group:
                entries.insert(0, ("commands.html", "Commands"))
            yield name, entries
        rest = [source for source in self.titles if source not in shown]
        rest.sort(key=lambda source: (source.count("/"), source))
        yield "How it is built", [(page_of(source), self.titles[source]) for source in rest]

    def target(self, source, link):
        """The address of a link in a source, from its page; None leaves the text without a link."""
        if re.match(r"[a-z]+:", link) or link.startswith("#"):
            return link
        path, _, fragment = link.partition("#")
        place = os.path.normpath(os.path.join(os.path.dirname(source), urllib.parse.unquote(path)))
        if place in self.titles:
            to = page_of(place)
        elif (ROOT / place).is_dir():
            inside = os.path.join(place, "README.md")
            if inside not in self.titles:
                return None
            to = page_of(inside)
        elif (ROOT / place).is_file():
            to = place if "." in os.path.basename(place) else place + ".txt"
            if to not in self.copied:
                self.copied.add(to)
                (self.out / to).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / place, self.out / to)
        else:
            self.faults.append(f"{source}: a link leads nowhere: {link}")
            return None
        here = os.path.dirname(page_of(source))
        return os.path.relpath(to, here or ".") + ("#" + fragment if fragment else "")

    def body(self, source):
        text = (ROOT / source).read_text()
        maker = markdown.Markdown(extensions=["tables", "fenced_code", "toc", "sane_lists"],
                                  extension_configs={"toc": {"toc_depth": "2-2"}})
        body = maker.convert(text)

        def anchor(match):
            to = self.target(source, html.unescape(match.group(1)))
            return f'<a href="{html.escape(to)}">{match.group(2)}</a>' if to else match.group(2)

        def image(match):
            return f'src="{html.escape(self.target(source, html.unescape(match.group(1))) or "")}"'

        body = re.sub(r'<a href="([^"]*)">(.*?)</a>', anchor, body, flags=re.DOTALL)
        body = re.sub(r'src="([^"]*)"', image, body)
        # Wide tables and listings scroll by themselves, for the keyboard too.
        body = body.replace("<table>", '<div class="wide" tabindex="0"><table>')
        body = body.replace("</table>", "</table></div>").replace("<pre>", '<pre tabindex="0">')
        contents = maker.toc if maker.toc.count("<li>") > 3 else ""
        return body, contents

    def write(self, page, title, body, contents, has_commands):
        up = "../" * page.count("/")
        navigation = ""
        for name, entries in self.sections(has_commands):
            rows = "".join(
                f'<li><a href="{up}{to}"{" aria-current=page" if to == page else ""}>'
                f"{html.escape(text)}</a></li>" for to, text in entries)
            open_ = " open" if name != "How it is built" or any(to == page for to, _ in entries) else ""
            navigation += f"<details{open_}><summary>{name}</summary><ul>{rows}</ul></details>\n"
        if contents:
            body = body.replace("</h1>", f'</h1>\n<aside aria-label="On this page">{contents}</aside>', 1)
        whole = "mqttlab" if page == "index.html" else f"{title} · mqttlab"
        path = self.out / page
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{html.escape(whole)}</title>
<link rel="stylesheet" href="{up}site.css">
<a class="skip" href="#content">To the text</a>
<header><a class="home" href="{up}index.html">mqttlab</a> <a href="#pages">All pages</a></header>
<nav id="pages" aria-label="Pages"><a class="home" href="{up}index.html">mqttlab</a>
{navigation}</nav>
<main id="content">
{body}
</main>
</html>
""")


def parse_help(text):
    """The parts of a --help: what, usage, sections of (names, text), what stands below."""
    what, usage, sections, footer, section = [], "", [], [], None
    for line in text.splitlines():
        if line.startswith("Usage: "):
            usage = line[7:]
        elif line in ("Positionals:", "Options:", "Subcommands:"):
            section = []
            sections.append((line[:-1], section))
        elif section is not None and not footer and line.startswith("   "):
            section[-1][1] += " " + line.strip()
        elif section is not None and not footer and line.startswith("  "):
            names, _, told = line.strip().partition("  ")
            section.append([names, told.strip()])
        elif line and usage:
            footer.append(line)
        elif line:
            what.append(line)
    return " ".join(what), usage, sections, footer


def command_section(program, words, level):
    ran = subprocess.run([program, *words, "--help"], capture_output=True, text=True, timeout=60)
    if ran.returncode != 0:
        return "", [f"{' '.join(words)} --help ends with {ran.returncode}: {ran.stderr}"]
    what, usage, sections, footer = parse_help(ran.stdout)
    name = " ".join(words)
    out = [f'<h{level} id="{"-".join(words)}"><code>{name}</code></h{level}>',
           f"<p>{html.escape(what)}</p>", f'<pre tabindex="0">{html.escape(usage)}</pre>' if usage else ""]
    faults, below = [], []
    for title, entries in sections:
        if title == "Subcommands":
            below = [names for names, _ in entries]
            continue
        out.append("<dl>")
        for names, told in entries:
            if names != "--help":
                out.append(f"<dt><code>{html.escape(names.replace(',', ', '))}</code></dt>"
                           f"<dd>{html.escape(told)}</dd>")
        out.append("</dl>")
    if footer:
        out.append(f"<p>{html.escape(' '.join(footer))}</p>")
    for one in below:
        text, wrong = command_section(program, [*words, one], level + 1)
        out.append(text)
        faults += wrong
    return "\n".join(out), faults


def commands(programs):
    program = programs / "mqttlab"
    overview = subprocess.run([program, "help"], capture_output=True, text=True, timeout=60).stdout
    out = [f'<h1>Commands</h1><pre tabindex="0">{html.escape(overview)}</pre>']
    faults = []
    for verb in re.findall(r"(?m)^  ([a-z-]+) ", overview.split("For example")[0]):
        text, wrong = command_section(program, [verb], 2)
        out.append(text)
        faults += wrong
    return "\n".join(out), faults


class Links(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.links, self.loads, self.ids = [], [], set()

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if "id" in attributes:
            self.ids.add(attributes["id"])
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        for name in ("src", "srcset") + (("href",) if tag == "link" else ()):
            if name in attributes:
                self.loads.append(attributes[name])
        if tag in ("script", "iframe", "object"):
            self.loads.append(f"<{tag}>")


def check(out):
    pages = {}
    for path in sorted(out.rglob("*.html")):
        pages[path] = Links()
        pages[path].feed(path.read_text())
    faults = []
    for path, found in pages.items():
        name = path.relative_to(out)
        for link in found.loads:
            if re.match(r"[a-z]+:|//|<", link) or not (path.parent / link).is_file():
                faults.append(f"{name}: loads what is not here: {link}")
        for link in found.links:
            if re.match(r"https?:|mailto:", link):
                continue
            place, _, fragment = urllib.parse.unquote(link).partition("#")
            to = (path.parent / place).resolve() if place else path
            if not to.is_file():
                faults.append(f"{name}: a link leads nowhere: {link}")
            elif fragment and to in pages and fragment not in pages[to].ids:
                faults.append(f"{name}: no such place on that page: {link}")
    return faults


def main():
    out = pathlib.Path(sys.argv[1]).resolve()
    programs = pathlib.Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else None
    out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(HERE / "site.css", out / "site.css")
    site = Site(out)
    for source in site.titles:
        body, contents = site.body(source)
        site.write(page_of(source), site.titles[source], body, contents, programs is not None)
    if programs:
        body, faults = commands(programs)
        site.faults += faults
        site.write("commands.html", "Commands", body, "", True)
    faults = site.faults + check(out)
    for fault in faults:
        print(fault)
    print(f"{len(list(out.rglob('*.html')))} pages in {out}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
