"""Feeds and news pages that nobody wrote: the same for the same number, sized and built as real ones are."""

import html
import random

HOMES = ["en", "es", "pt"]
WORDS = {
    "en": ("the a of and to in that for on with as by at from after before over under between against committee minister "
           "court families report river council budget school hospital harbour engineers farmers inquiry evidence district "
           "governor union strike prices water electricity border judge lawyers hearing statement opposition assembly vote "
           "said told announced rejected approved delayed opened closed published reviewed demanded promised new old local "
           "national public former senior several many few last next early late long short quiet heavy small large").split(),
    "es": ("el la los las de y que en por con para del al una un sobre entre desde hasta contra comité ministra tribunal "
           "familias informe río concejo presupuesto escuela hospital puerto ingenieros agricultores investigación pruebas "
           "distrito gobernadora sindicato huelga precios agua electricidad frontera jueza abogados audiencia declaración "
           "oposición asamblea votación dijo anunció rechazó aprobó aplazó abrió cerró publicó revisó exigió prometió nuevo "
           "viejo local nacional pública anterior varios muchas pocas último próxima temprano tarde largo breve").split(),
    "pt": ("o a os as de e que em por com para do da um uma sobre entre desde até contra comissão ministra tribunal famílias "
           "relatório rio câmara orçamento escola hospital porto engenheiros agricultores inquérito provas distrito "
           "governadora sindicato greve preços água eletricidade fronteira juíza advogados audiência declaração oposição "
           "assembleia votação disse anunciou rejeitou aprovou adiou abriu fechou publicou analisou exigiu prometeu novo "
           "velho local nacional pública anterior vários muitas poucas último próxima cedo tarde longo breve").split(),
}
# One article in twenty says it, so that the outbox has work and no more than that.
TELLING = "Witnesses saw the zeppelin; testigos vieron el zepelín."


def sentence(chance, language):
    words = chance.choices(WORDS[language], k=chance.randint(9, 26))
    return (" ".join(words).capitalize()).replace(" que ", ", que ", 1) + "."


def paragraph(chance, language):
    return " ".join(sentence(chance, language) for _ in range(chance.randint(2, 5)))


def feed(base, items):
    """RSS 2.0 of (identity, title, summary, date)."""
    entries = "".join(
        f'<item><title>{html.escape(title)}</title><link>{base}/{identity}.html</link><guid isPermaLink="false">{base}/'
        f"?p={identity}</guid><pubDate>{date}</pubDate><category>News</category><description><![CDATA[<p>{summary}</p>]]>"
        "</description></item>\n" for identity, title, summary, date in items)
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel><title>The Paper at {base}</title>'
            f"<link>{base}/</link><description>Invented news</description><language>en</language>\n{entries}"
            "</channel></rss>\n").encode()


def listing(number, date):
    """The entries of feed `number`: 20 to 50, 68 kB on average, a third of the feeds with long texts."""
    chance = random.Random(number)
    language = HOMES[number % 3]
    long = 4 if number % 3 == 0 else 1
    return [(f"{number}-{place}", sentence(chance, language)[:90],
             "</p><p>".join(paragraph(chance, language) for _ in range(2 * long)), date)
            for place in range(20 + number % 31)]


def page(base, identity, title, number, tells):
    """A news page of 90 to 190 kB, 140 kB on average: head, scripts, menus and teasers around 4 to 9 kB of text."""
    chance = random.Random(f"page {number}")
    language = HOMES[number % 3]
    paragraphs = [paragraph(chance, language) for _ in range(chance.randint(12, 26))]
    if tells:
        paragraphs.insert(len(paragraphs) // 2, TELLING)
    linked = [sentence(chance, language) for _ in range(chance.randint(25, 80))]
    links = lambda kind, texts: "".join(
        f'<li class="{kind}__item {kind}__item--{place % 4}"><a class="{kind}__link" href="/{kind}/{place}" '
        f'data-track="{kind}:{place}"><span>{html.escape(text[:70])}</span></a></li>' for place, text in enumerate(texts))
    teasers = "".join(
        f'<div class="teaser teaser--s"><a href="/{place}.html"><picture><source srcset="/i/{place}-320.webp 320w, '
        f'/i/{place}-640.webp 640w" type="image/webp"><img loading="lazy" alt="" src="/i/{place}.jpg"></picture><h3>'
        f"{html.escape(text[:80])}</h3></a><p>{html.escape(text)}</p></div>" for place, text in enumerate(linked))
    # Styles and scripts are most of a real page, and of a length of their own.
    style = "".join(f".c{place}{{margin:{place}px;color:#{place:06x};display:flex}}" for place in range(chance.randint(800, 1500)))
    state = ",".join(f'{{"id":{place},"slug":"teaser-{place}","weight":{place * 7}}}' for place in range(chance.randint(800, 1500)))
    body = "".join(
        f"<p>{html.escape(text)}</p>" + ('<aside class="ad" data-slot="mid"><div></div></aside>' if place % 5 == 4 else "")
        for place, text in enumerate(paragraphs))
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{html.escape(title)} | The Paper</title>'
        f'<link rel="canonical" href="{base}/{identity}.html"><meta property="og:type" content="article">'
        f'<meta property="og:title" content="{html.escape(title)}"><meta name="author" content="Ana Invented">'
        f'<script type="application/ld+json">{{"@context":"https://schema.org","@type":"NewsArticle","headline":"{html.escape(title)}"}}'
        f"</script><style>{style}</style><script>window.state=[{state}]</script></head><body><header><nav><ul>"
        f'{links("menu", linked[:25])}</ul></nav></header><main><article><h1>{html.escape(title)}</h1>'
        f'<div class="byline">Ana Invented</div><figure><img src="/i/lead.jpg" alt="A harbour"><figcaption>The harbour'
        f'</figcaption></figure><div class="story-body">{body}</div></article><section class="more">{teasers}</section></main>'
        f'<footer><ul>{links("foot", linked[:20])}</ul><p>An invented paper</p></footer><script>{"/* tracking */" * 40}'
        "</script></body></html>").encode()
