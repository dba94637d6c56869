import BenchCore
import Foundation
import Testing

@testable import Site

/// Text from submissions is text: on pages, in the data of the script, in commands and bibliographies.
@Suite struct HostileTextTests {
  /// Every tag of every page is one of ours, with attributes of ours; a browser looks at the same pages in `BrowserTests`.
  @Test func noNameBecomesMarkup() throws {
    let site = try Results.site(try Results.hostileModels())
    for page in site.pages where page != .style && page != .script {
      let text = site.text(page)
      for tag in text.matches(of: /<\/?([A-Za-z!][A-Za-z0-9!-]*)((?:[^"'>]|"[^"]*"|'[^']*')*)>/) {
        #expect(Self.tags.contains(tag.output.1.lowercased()), "\(site.path(of: page)): \(tag.output.0)")
        #expect(
          tag.output.2.replacing(/"[^"]*"/, with: "").firstMatch(of: /\bon[a-z]+\s*=|'/) == nil, "\(tag.output.0)")
      }
      #expect(!text.contains("href=\"javascript:") && !text.contains("href=\"data:text"))
      #expect(!text.unicodeScalars.contains { $0 == "\u{202E}" || $0 == "\u{0}" })
    }
    // Nothing was lost either.
    #expect(site.text(.task(0)).contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
    #expect(site.text(.task(0)).contains("U+202Egnp.exe"))
    #expect(site.text(.task(0)).contains("{{#rows}}{{name}}{{/rows}}{{{body}}}"))
  }

  /// A name of blanks could be neither seen nor pressed, one of marks lies over its neighbours, a long one fills screens, and one that is
  /// written from right to left takes the number beside it along.
  @Test func aNameIsSeenAndKeepsToItself() throws {
    let models = try Results.hostileModels()
    let site = try Results.site(models)
    let page = site.text(.task(0))
    #expect(!page.contains("<bdi> ") && page.contains("<bdi>hostile-15</bdi>"))
    for (index, model) in models.enumerated() {
      let name = model.result.model.name
      let text = try #require(
        site.pages.lazy.map { site.text($0) }.first {
          $0.contains("<h1><bdi>") && $0.contains("<dd><bdi>hostile-\(index)</bdi></dd>")
        })
      let heading = try #require(text.firstMatch(of: /<h1><bdi>(.*?)<\/bdi><\/h1>/)).output.1
      #expect(heading.contains { !$0.isWhitespace } && heading.unicodeScalars.count <= 400, "\(heading)")
      #expect(text.contains("<dt>Name</dt>") == (name.unicodeScalars.count > 200), "\(heading)")
      var marks = 0
      for scalar in text.unicodeScalars {
        marks = scalar.properties.generalCategory == .nonspacingMark ? marks + 1 : 0
        #expect(marks <= 4, "\(heading)")
      }
      if !OutsideText.whole(name).utf8.allSatisfy({ $0 < 0x80 }) {
        #expect(
          text.contains(/<dt>Network<\/dt><dd><bdi dir="ltr">\x{2068}[^<]*\x{2069}, 21,954 parameters/), "\(heading)")
      }
    }
  }

  private static let tags: Set<String> = [
    "!doctype", "!--rows--", "!--end--", "html", "head", "meta", "title", "link", "script", "body", "a", "header",
    "nav", "ul", "li",
    "main", "footer", "p", "code", "h1", "h2", "h3", "em", "dl", "div", "dt", "dd", "cite", "section", "figure",
    "figcaption",
    "form", "label", "input", "fieldset", "legend", "select", "option", "button", "span", "table", "thead", "tbody",
    "tr", "th", "td",
    "small", "noscript", "svg", "path", "circle", "rect", "text", "tspan", "g", "b", "bdi", "br", "pre", "img",
    "caption", "ol", "details", "summary",
  ]

  /// The package escapes characters, and these are others for it.
  @Test func markupWithCombiningMarksIsEscaped() throws {
    let template = try Template("test", Array("<a title=\"{{name}}\">{{#list}}{{name}}{{/list}}</a>".utf8))
    let name = "\"\u{308}<\u{301}>\u{FE0F}&\u{300}'\u{20DD}"
    let text = template.render(["name": name, "list": [["name": name] as View]])
    #expect(text.unicodeScalars.count { $0 == "\"" } == 2 && text.unicodeScalars.count { $0 == "<" } == 2)
  }

  @Test func dataCannotEndItsElement() throws {
    let text = ScriptData.quoted("</script><!--\u{2028}\"\\\u{1}")
    #expect(text == "\"\\u003c/script\\u003e\\u003c!--\\u2028\\\"\\\\\\u0001\"")
    let parsed = try JSONSerialization.jsonObject(with: Data("[\(text)]".utf8)) as? [String]
    #expect(parsed == ["</script><!--\u{2028}\"\\\u{1}"])
  }

  @Test(arguments: [
    ("https://example.org/a?b=c#d", true), ("http://example.org", true), ("javascript:alert(1)", false),
    ("//example.org", false),
    ("https://", false), ("https://user:password@example.org", false), ("ftp://example.org", false),
    ("https://exam ple.org", false),
    ("https://example.org/\u{5D0}", false), ("HTTPS://example.org", false), (" https://example.org", false),
    ("https://example.org/" + String(repeating: "a", count: 2000), false), ("Smith et al.: On networks", false),
  ])
  func onlyAddressesBecomeLinks(_ text: String, _ isLink: Bool) { #expect((OutsideText.link(text) != nil) == isLink) }

  /// Braces are what BibTeX counts.
  @Test func entriesOfBibliographiesClose() throws {
    for model in try Results.hostileModels() {
      let entry = BibTeX.entry(model.result.model)
      var depth = 0
      for character in entry {
        depth += character == "{" ? 1 : character == "}" ? -1 : 0
        #expect(depth >= 0)
      }
      #expect(depth == 0 && entry.hasPrefix("@misc{hostile-"), "\(entry)")
    }
    var model = try Results.glyphs().model
    model.source = .init(
      paper: "Smith: 100 % of {nets}", url: "https://example.org/a_b", authors: "A. Smith and B. M\u{FC}ller")
    #expect(
      BibTeX.entry(model) == """
        @misc{glyphs-cnn-pgd-l2-1,
          author = {A. Smith and B. M\\"{u}ller},
          title = {{cnn-small, pgd-l2 1.0, seed 0}},
          howpublished = {\\url{https://example.org/a_b}},
          note = {Smith: 100 \\% of \\textbraceleft{}nets\\textbraceright{}; checkpoint with SHA-256 \
        \(model.checkpoint?.sha256 ?? "")}
        }
        """)
  }

  @Test func commandsAreOneCommand() throws {
    // With a mark on it, a quote is another character, for everybody but the shell.
    #expect(Array(RepeatCommand.quoted("a'\u{301}b").utf8) == Array("'a'\\''\u{301}b'".utf8))
    #expect(
      Markup.command("pags-bench submit a<b --recheck")
        == "pags-bench submit a&lt;b <span class=\"option\">--recheck</span>")
    #expect(RepeatCommand.quoted("model.ckpt") == "model.ckpt" && RepeatCommand.quoted("-rf") == "./-rf")
    #expect(
      RepeatCommand.quoted("a'; rm -rf ~") == "'a'\\''; rm -rf ~'" && RepeatCommand.quoted("a\nb") == "'aU+000Ab'")
    let result = try Results.glyphs()
    let command = RepeatCommand(result: result, isSubmitted: false, needsData: true).text
    #expect(
      command
        == "pags-bench evaluate model.ckpt --task glyphs --data DIR --images 2000 --seed 0 --no-leaderboard --output again.json"
    )
  }
}
