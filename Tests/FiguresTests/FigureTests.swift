import Foundation
import FoundationXML
import Testing

@testable import Figures

/// Reads XML as any reader would, and counts what is in it.
final class DocumentReader: NSObject, XMLParserDelegate {
  private(set) var elements: [(name: String, attributes: [String: String])] = []
  private(set) var texts: [String] = []
  private var open: [String] = []

  /// - Returns: nil where the document is not well-formed.
  static func read(_ document: String) -> DocumentReader? {
    let reader = DocumentReader()
    let parser = XMLParser(data: Data(document.utf8))
    parser.delegate = reader
    return parser.parse() ? reader : nil
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    elements.append((name, attributes))
    open.append(name)
    if name == "text" { texts.append("") }
  }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
    open.removeLast()
  }

  func parser(_ parser: XMLParser, foundCharacters characters: String) {
    if open.contains("text") { texts[texts.count - 1] += characters }
  }

  func count(_ name: String) -> Int { elements.filter { $0.name == name }.count }
}

@Suite struct FigureTests {
  private func figure(_ columns: Int = 1, title: String = "Gradient norm", zero: Bool = true) -> Figure3 {
    let strengths = (zero ? [0.0] : []) + [0.001, 0.01, 0.1, 1, 10]
    let regimes: [Figure3.Regime] = [.weak, .weak, .bayesAligned, .bayesAligned, .excessive, .indeterminate]
    let groups = zip(strengths, regimes).enumerated().map { index, pair in
      let fall = 0.6 / Double(index + 1)
      return Figure3.Group(
        strength: pair.0, onManifold: [0.5, 0.52], offManifold: [fall, fall * 1.1], accuracy: [0.94, 0.93],
        alignment: [0.3 + 0.05 * Double(index), 0.31], regime: pair.1)
    }
    let column = Figure3.Column(
      title: title, strengthLabel: "Regularisation constant " + .italic("λ"), groups: groups, bayesOnManifold: 0.54,
      bayesAccuracy: 0.987)
    return Figure3(
      columns: Array(repeating: column, count: columns), stepSize: 8, alignmentReference: "Bayes classifier", seeds: 2)
  }

  @Test func figure3IsWellFormedAndComplete() throws {
    for columns in [1, 4] {
      let svg = figure(columns).figure.svg()
      let document = try #require(DocumentReader.read(svg))
      let texts = document.texts
      for text in [
        "Gradient norm", "Regularisation constant λ", "Softmax change (L1),", "steps of length 8", "Accuracy; cosine",
        "weak",
        "excessive", "off-manifold sensitivity", "on-manifold sensitivity", "accuracy",
        "alignment with the Bayes classifier", "range over 2 seeds", "Bayes-aligned", "undecided", "10−3", "0",
      ] { #expect(texts.contains(text), "no text `\(text)`") }
      // Four curves of six points and, in the legend, one marker each.
      let shapes = document.elements.filter {
        $0.attributes["stroke-width"] == "0.7" || $0.attributes["stroke-width"] == "1.4"
      }
      #expect(shapes.filter { $0.name == "circle" }.count == 6 * columns + 1)
      // Shades are told apart by hatching, not by colour alone.
      #expect(document.count("pattern") == 3)
      #expect(document.count("clipPath") == 2 * columns)
      #expect(svg == figure(columns).figure.svg())
    }
  }

  /// What a PDF and a PNG are made of: nothing asks a machine for a typeface, and lines are as wide as their text is laid out.
  @Test func outlinesStandWhereTextStood() throws {
    let drawing = figure().figure
    let texts = try #require(DocumentReader.read(drawing.svg()))
    let outlines = try #require(DocumentReader.read(drawing.svg(.outlines)))
    #expect(outlines.count("text") == 0 && outlines.count("tspan") == 0)
    let letters = outlines.elements.count { $0.name == "path" && $0.attributes["stroke-linecap"] == "round" }
    let lines = texts.count("text")
    #expect(letters == lines)
    #expect(outlines.elements.count - letters == texts.elements.count - lines - texts.count("tspan"))
    #expect(drawing.svg(.outlines) == drawing.svg(.outlines) && !drawing.svg(.outlines).contains("nan"))
  }

  /// None of the letters that figures' axes have is drawn as a box.
  @Test(arguments: ["λ", "σ", "ε", "∞", "−", "×"]) func signsOfAxesAreDrawn(sign: Character) {
    #expect(StrokeLetters.strokes[sign] != nil)
  }

  @Test func anOutlineEndsWhereItsTextDoes() throws {
    func outline(_ anchor: TextMark.Anchor) throws -> [Double] {
      let mark = TextMark(text: "HH" + .superscript("H"), at: Point(x: 100, y: 50), size: 20, anchor: anchor)
      guard case .element("path", let attributes, _) = mark.node.lettered(.outlines) else { return [] }
      let data = try #require(attributes.first { $0.name == "d" }?.value)
      return data.split(whereSeparator: { "MLZ".contains($0) }).compactMap {
        $0.split(separator: " ").first.flatMap { Double($0) }
      }
    }
    let width = Typeface.width("HH", size: 20) + Typeface.width("H", size: 14.4)
    for (anchor, left) in [(TextMark.Anchor.start, 100), (.middle, 100 - width / 2), (.end, 100 - width)] {
      let places = try outline(anchor)
      let (first, last) = (try #require(places.min()), try #require(places.max()))
      // Within the margins beside a letter.
      #expect(abs(first - left) < 3 && abs(last - (left + width)) < 3)
    }
  }

  @Test func aSpanTooNarrowForItsNameHasItUpright() throws {
    let regimes: [Figure3.Regime] = [.weak, .bayesAligned, .excessive]
    let column = Figure3.Column(
      title: "Many", strengthLabel: "Strength",
      groups: (0..<16).map { index in
        .init(
          strength: pow(10, Double(index) / 10), onManifold: [0.5], offManifold: [0.2], accuracy: [0.9],
          alignment: [0.3], regime: index == 7 ? regimes[1] : index < 7 ? regimes[0] : regimes[2])
      }, bayesOnManifold: nil, bayesAccuracy: nil)
    let drawing = Figure3(
      columns: [column, column], stepSize: 1, alignmentReference: "fitted reference", seeds: 1
    ).figure
    let document = try #require(DocumentReader.read(drawing.svg()))
    // Once as its halo and once as text in each column; once more in the legend under the longer name.
    #expect(document.texts.filter { $0 == "aligned" || $0 == "Bayes-aligned" }.count == 5)
  }

  @Test func textIsEscaped() throws {
    let title = "a < b & \"c\" > 'd'\u{1}"
    let document = try #require(DocumentReader.read(figure(title: title).figure.svg()))
    #expect(document.texts.contains("a < b & \"c\" > 'd'\u{FFFD}"))
  }

  @Test func everythingLiesOnThePage() throws {
    let document = try #require(DocumentReader.read(figure(4).figure.svg()))
    let page = try #require(document.elements.first { $0.name == "svg" }?.attributes)
    let width = try #require(page["width"].flatMap(Double.init))
    let height = try #require(page["height"].flatMap(Double.init))
    for (name, attributes) in document.elements where name != "pattern" {
      for key in ["x", "cx"] { if let x = attributes[key].flatMap(Double.init) { #expect((0...width).contains(x)) } }
      for key in ["y", "cy"] { if let y = attributes[key].flatMap(Double.init) { #expect((0...height).contains(y)) } }
    }
  }

  /// Columns of a row have one format of numbers, and a label that is longer than its panel does not reach the next.
  @Test func aRowHasOneFormatAndLabelsStayBesideTheirPanels() throws {
    func column(_ strengths: [Double]) -> Figure3.Column {
      Figure3.Column(
        title: "One", strengthLabel: "Strength",
        groups: strengths.map {
          .init(strength: $0, onManifold: [0], offManifold: [0], accuracy: [1], alignment: [], regime: .weak)
        }, bayesOnManifold: nil, bayesAccuracy: nil)
    }
    func figure(_ columns: [Double]...) throws -> DocumentReader {
      let figure = Figure3(columns: columns.map(column), stepSize: 8, alignmentReference: "reference", seeds: 1)
      return try #require(DocumentReader.read(figure.figure.svg()))
    }
    #expect(try figure([0.1, 1, 10]).texts.contains("0.1"))
    let both = try figure([0.1, 1, 10], [0.001, 0.1, 10]).texts
    #expect(!both.contains("0.1") && both.contains("10−1"))
    // Whole, so that no edge of a PNG is half transparent.
    for key in ["width", "height"] {
      let side = try #require(try figure([1], [1]).elements.first?.attributes[key].flatMap(Double.init))
      #expect(side == side.rounded())
    }
    let style = FigureStyle(panelWidth: 236, panelHeight: 168)
    for line in style.lines(ofYLabel: "Softmax change (L1), steps of length 8") {
      #expect(line.width(size: style.labelSize) * 1.2 < style.panelHeight)
    }
    #expect(style.lines(ofYLabel: "Accuracy; cosine") == ["Accuracy; cosine"])
  }

  @Test func aFigureOfOnePointHasNoBandsAndNoBreak() throws {
    let column = Figure3.Column(
      title: "One", strengthLabel: "Strength",
      groups: [
        .init(strength: 1, onManifold: [0], offManifold: [0], accuracy: [1], alignment: [], regime: .excessive)
      ], bayesOnManifold: nil, bayesAccuracy: nil)
    let svg = Figure3(columns: [column], stepSize: 1.4384, alignmentReference: "fitted reference", seeds: 1).figure
      .svg()
    let document = try #require(DocumentReader.read(svg))
    #expect(document.texts.contains("steps of length 1.438"))
    #expect(!document.texts.contains { $0.contains("seeds") || $0.contains("alignment") })
    #expect(!svg.contains("fill-opacity") && !svg.contains("nan") && !svg.contains("inf"))
  }

  @Test func valuesThatAreNotFiniteAreLeftOut() {
    let series = Series(
      name: "a", samples: [.init(x: 1, y: .nan, low: 0, high: 1), .init(x: 2, y: 1, low: 0, high: 1)],
      line: LineStyle(.ink), marker: nil)
    #expect(series.samples.map(\.x) == [2])
  }
}
