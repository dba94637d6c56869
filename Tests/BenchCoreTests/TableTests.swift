import Foundation
import Testing
import Text

@testable import BenchCore

@Suite struct TableTests {
  static let hostile =
    "=1+1 \\ {x} $y$ & #1 50% a_b ^ ~ <b>|\"q\" `c` *i* [l](http://x.y) \u{202E} \u{5D0} \u{1F600} M\u{FC}\u{142}\u{107}?` -- \u{0}\n"

  private static func table(_ name: String) -> Table {
    Table(
      title: "Task toy_1 (version 2)",
      columns: [
        .init("model", key: "name", isNumeric: false), .init("n", key: "count"),
        .init("accuracy", key: "accuracy", isInterval: true), .init("share", key: "share"),
      ],
      rows: [
        [
          .text(name), .integer(12), .estimate(Estimate(value: 0.9834, low: 0.977, high: 0.988), .fixed(3)),
          .number(1.862e-8, .significant(3)),
        ],
        [
          .text("plain"), .integer(0), .estimate(Estimate(value: nil, low: nil, high: nil), .fixed(3)),
          .number(-0.25, .fixed(2)),
        ],
        [.text("third"), .integer(-3), .estimate(nil, .fixed(3)), .number(nil, .fixed(3))],
      ])
  }

  @Test func text() {
    #expect(
      Table.text([Self.table("small, cnn")], as: .text) == """
        Task toy_1 (version 2)
          model       n   accuracy              share
          small, cnn  12  0.983 [0.977, 0.988]  1.86e-08
          plain       0   -                     -0.25
          third       -3  -                     -

        """)
  }

  /// Columns begin under each other on a terminal, whatever script a name is in.
  @Test func wideNamesKeepColumns() throws {
    for name in ["\u{6A21}\u{578B}\u{4E00}\u{53F7}", "\u{BAA8}\u{B378}", "\u{FF2E}e\u{301}t", "net\u{1F600}"] {
      let lines = Table.text([Self.table(name)], as: .text).split(separator: "\n").dropFirst().map(String.init)
      let columns = try ["n ", "12", "0 ", "-3"].enumerated().map { row, cell in
        lines[row][..<(try #require(lines[row].range(of: " \(cell)"))).upperBound].dropLast(2).description.displayWidth
      }
      #expect(Set(columns).count == 1, "\(name): \(columns)\n\(lines.joined(separator: "\n"))")
    }
    let fields = ResultSummary.fields([("\u{6A21}\u{578B}", "a"), ("model", "b")])
    #expect(fields[0].dropLast().description.displayWidth == fields[1].dropLast().description.displayWidth)
    // Wide characters fill a line in half of its characters.
    let long = Array(repeating: String(repeating: "\u{6A21}", count: 10), count: 9).joined(separator: " ")
    #expect(ResultSummary.wrapped(long, indent: "", hanging: "").allSatisfy { $0.displayWidth <= ResultSummary.width })
  }

  @Test func csv() {
    #expect(
      Table.text([Self.table("small, \"cnn\""), Self.table("-x")], as: .csv) == """
        name,count,accuracy,accuracyLow,accuracyHigh,share
        "small, ""cnn""\",12,0.9834,0.977,0.988,1.862e-08
        plain,0,,,,-0.25
        third,-3,,,,
        '-x,12,0.9834,0.977,0.988,1.862e-08
        plain,0,,,,-0.25
        third,-3,,,,

        """)
    // A combining mark behind a sign hides it from who compares characters; spreadsheets do not.
    for formula in [
      "=A1", "+A1", "-A1", "@A1", "\t=A1", " =A1", "\r=A1", "=\u{301}A1", "\u{FF1D}A1", "\u{FF0B}\u{308}1",
    ] {
      #expect(CSVTable.name(formula).drop { $0 == "\"" }.first == "'", "\(formula)")
    }
    func bytes(_ name: String) -> [UInt8] { Array(CSVTable.name(name).utf8) }
    #expect(bytes("a,\u{301}b") == Array("\"a,\u{301}b\"".utf8))
    #expect(bytes("a\"\u{301},b") == Array("\"a\"\"\u{301},b\"".utf8))
    // Separators of other countries' spreadsheets.
    #expect(bytes("a;b") == Array("\"a;b\"".utf8) && bytes("a\tb") == Array("\"a\tb\"".utf8))
  }

  @Test func columnsCanBeChosen() {
    let table = Self.table("x").keeping(["share", "name"])
    #expect(
      Table.text([table], as: .csv) == "share,name\n1.862e-08,x\n-0.25,plain\n,third\n")
  }

  /// Names of models stand in titles, which nobody looks for the rest of.
  @Test func titlesAreWhole() {
    var table = Self.table("x")
    table.title = "Task toy: differences are from " + String(repeating: "long-", count: 20) + "end, image by image"
    for format in [Table.Format.text, .markdown, .latex] {
      #expect(Table.text([table], as: format).contains("image by image"), "\(format)")
    }
  }

  @Test func markdown() {
    #expect(
      Table.text([Self.table("a|b <i>x</i> [c](http://d) www.e.f *g* `h` @i")], as: .markdown) == """
        **Task toy\\_1 (version 2)**

        | model | n | accuracy | share |
        | --- | ---: | ---: | ---: |
        | a\\|b &lt;i&gt;x&lt;/i&gt; \\[c\\](http\\://d) www\\.e.f \\*g\\* \\`h\\` \\@i | 12 | 0.983 [0.977, 0.988] | 1.86e-08 |
        | plain | 0 | - | -0.25 |
        | third | -3 | - | - |

        """)
    let marked = MarkdownTable.name("a|\u{301}b<\u{308}i>`\u{301}")
    #expect(Array(marked.utf8) == Array("a\\|\u{301}b&lt;\u{308}i&gt;\\`\u{301}".utf8))
  }

  @Test func latex() {
    #expect(
      Table.text([Self.table("50 % of a_b & $c$ {d} \\e")], as: .latex) == """
        % \\usepackage{booktabs}
        % Task toy\\_1 (version 2)
        \\begin{tabular}{lrrr}
          \\toprule
          model & n & accuracy & share \\\\
          \\midrule
          50 \\% of a\\_b \\& \\$c\\$ \\{d\\} \\textbackslash{}e & $12$ & $0.983$ [$0.977$, $0.988$] & $1.86 \\times 10^{-8}$ \\\\
          plain & $0$ & - & $-0.25$ \\\\
          third & $-3$ & - & - \\\\
          \\bottomrule
        \\end{tabular}

        """)
    #expect(LaTeXTable.name("M\u{FC}\u{142}\u{107} \u{EF} \u{DF}") == "M\\\"{u}\\l{}\\'{c} \\\"{\\i} \\ss{}")
    #expect(LaTeXTable.name("\u{5D0}\u{1F600}") == "{[}U+5D0]{[}U+1F600]")
    // Behind the end of a row these would be arguments of it.
    #expect(LaTeXTable.name("[1ex]") == "{[}1ex]" && LaTeXTable.name("*") == "{*}")
    #expect(LaTeXTable.name("a--b-c") == "a-{}-b-c")
    // No line of a name begins or ends a line of the table.
    #expect(!LaTeXTable.name("a\nb\u{2028}c").contains { $0.isNewline })
  }

  /// The words of groups stand above their rows, and one power of ten is enough for a number and its interval.
  @Test func latexIsNoWiderThanItHasToBe() {
    func estimate(_ value: Double?, _ low: Double?, _ high: Double?) -> Table.Cell {
      .estimate(Estimate(value: value, low: low, high: high), .significant(3))
    }
    var table = Table(
      title: "t",
      columns: [
        .init("quantity", key: "quantity", isNumeric: false), .init("model", key: "model", isNumeric: false),
        .init("value", key: "value", isInterval: true),
      ],
      rows: [
        [.text("off / on"), .text("a"), estimate(1.67e-8, 2.31e-9, 3.6e-8)],
        [.text("off / on"), .text("b"), estimate(-1.67e-8, nil, 0)],
        [.text("accuracy"), .text("a"), estimate(0.5, 1e-9, 0.75)],
      ], groups: "quantity")
    #expect(
      Table.text([table], as: .latex) == """
        % \\usepackage{booktabs}
        % t
        {\\footnotesize
        \\begin{tabular}{@{}lr@{}}
          \\toprule
          model & value \\\\
          \\midrule
          \\multicolumn{2}{l}{off / on} \\\\
          \\enspace a & $1.67$ [$0.23$, $3.60$] $\\times 10^{-8}$ \\\\
          \\enspace b & $-1.67$ [-, $0.00$] $\\times 10^{-8}$ \\\\
          \\addlinespace
          \\multicolumn{2}{l}{accuracy} \\\\
          \\enspace a & $0.500$ [$1.00 \\times 10^{-9}$, $0.750$] \\\\
          \\bottomrule
        \\end{tabular}}

        """)
    // Without the column, or with nothing else, it is a table as any other.
    #expect(Table.text([table.keeping(["model", "value"])], as: .latex).contains("  a & $1.67$"))
    #expect(Table.text([table.keeping(["quantity"])], as: .latex).contains("  off / on \\\\"))
    table.groups = nil
    #expect(Table.text([table], as: .latex).contains("  off / on & a & $1.67$"))
    #expect(Table.text([table], as: .text).contains("off / on  a"))
  }

  @Test(arguments: Table.Format.allCases) func noNameIsMoreThanAName(_ format: Table.Format) {
    let text = Table.text([Self.table(Self.hostile)], as: format)
    let plain = Table.text([Self.table("x")], as: format)
    #expect(text.count { $0.isNewline } == plain.count { $0.isNewline }, "\(text)")
    #expect(!text.unicodeScalars.contains { $0.value == 0x202E || $0.value == 0 })
    #expect(Table.text([], as: format).count < 40)
  }

  @Test func latexCompiles() throws {
    _ = try Self.compiled(
      Table.text([Self.table(Self.hostile), Self.table("\u{E5}\u{F6} \u{17C}\u{3C3}\u{2264} \u{FE}")], as: .latex))
  }

  /// Three models with every quantity beside each other: no larger than the text of a page in LaTeX's own article, 345 by 550 points.
  @Test func threeModelsFitAPage() throws {
    let values = [
      Estimate(value: 0.0123, low: 0.0101, high: 0.0456), Estimate(value: -0.000553, low: -0.00901, high: 0.00812),
      Estimate(value: 1.67e-8, low: 2.25e-9, high: 3.6e-8), Estimate(value: -0.0439, low: -0.0741, high: -0.0141),
    ]
    let table = Table(
      title: "t", columns: PairedComparison.columns,
      rows: (0..<12).flatMap { index in
        ["bayes", "glyphs-cnn-pgd-l2-1", "glyphs-cnn-smooth-0.5"].map { model in
          [
            .text("log-odds-predicted with the reference \(index)"), .text(model),
            .estimate(values[index % 4], .significant(3)), .estimate(values[index % 4], .significant(3)),
          ]
        }
      }, groups: "quantity")
    let body = Table.text([table], as: .latex)
    let said = try Self.compiled(
      "\\setbox0\\hbox{\(body)}\\dimen0=\\ht0\\advance\\dimen0 by\\dp0"
        + "\\typeout{table:\\the\\wd0:\\the\\textwidth:\\the\\dimen0:\\the\\textheight:}\\box0\n")
    guard let said else { return }
    let found = try #require(said.firstMatch(of: /table:([0-9.]+)pt:([0-9.]+)pt:([0-9.]+)pt:([0-9.]+)pt:/)).output
    let sizes = try [found.1, found.2, found.3, found.4].map { try #require(Double($0)) }
    #expect(sizes[0] <= sizes[1] && sizes[2] <= sizes[3], "\(sizes)")
  }

  /// - Returns: what the compiler says; nil where there is none, which is said.
  private static func compiled(_ body: String) throws -> String? {
    let compiler = "/usr/bin/pdflatex"
    guard FileManager.default.isExecutableFile(atPath: compiler) else {
      print("skipped: there is no \(compiler)")
      return nil
    }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("latex-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try ("\\documentclass{article}\n\\usepackage{booktabs}\n\\begin{document}\n" + body + "\\end{document}\n").write(
      to: folder.appendingPathComponent("table.tex"), atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: compiler)
    process.arguments = ["-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "table.tex"]
    process.currentDirectoryURL = folder
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    let said = (try? String(contentsOf: folder.appendingPathComponent("table.log"), encoding: .utf8)) ?? ""
    #expect(process.terminationStatus == 0, "\(said)")
    return said
  }
}
