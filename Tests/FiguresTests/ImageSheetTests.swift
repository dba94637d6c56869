import Foundation
import Images
import Testing

@testable import Figures

@Suite struct ImageSheetTests {
  private func picture(_ pixels: [UInt8], width: Int, channels: Int = 1) -> PixelImage {
    PixelImage(width: width, height: pixels.count / width / channels, channels: channels, pixels: pixels)
  }

  private func sheet(_ names: [String], captions: [String] = [], notes: [String] = []) -> ImageSheet {
    let cell = ImageSheet.Cell(picture([0, 64, 128, 255], width: 2), captions)
    return ImageSheet(
      title: "test", columns: names, rows: [names.map { _ in cell }], notes: notes, magnification: 3)
  }

  // MARK: Scaling

  @Test func greyIsZeroAndTheLargestValueIsWhiteOrBlack() {
    // 127.5 v + 128, cut to whole numbers: 255, 0, 128, 191 for 1, -1, 0, 0.5.
    let expected: [UInt8] = [255, 0, 128, 191]
    for factor in [Float(1e-30), 1, 3e30] {
      let values = [1, -1, 0, 0.5].map { factor * $0 }
      #expect(SignedScaling.maximum.picture(values, channels: 1, height: 2, width: 2).pixels == expected)
    }
    // The largest of all channels, pixel by pixel in the picture.
    let colours = SignedScaling.maximum.picture([4, 2, -4, 0, 0, 1], channels: 3, height: 1, width: 2)
    #expect(colours.channels == 3 && colours.pixels == [255, 0, 128, 191, 128, 159])
    for scaling in SignedScaling.allCases {
      #expect(scaling.picture([0, 0], channels: 1, height: 1, width: 2).pixels == [128, 128])
    }
  }

  @Test func otherScalingsCutOffWhatIsFarOut() {
    // 400 values: 1 and -1 in turn, and one of 100.
    let values = (0..<400).map { $0 == 399 ? Float(100) : $0 % 2 == 0 ? 1 : -1 }
    let mean = values.map(Double.init).reduce(0, +) / 400
    let deviation = (values.reduce(0.0) { $0 + pow(Double($1) - mean, 2) } / 400).squareRoot()
    func first(_ scaling: SignedScaling) -> UInt8 {
      scaling.picture(values, channels: 1, height: 20, width: 20).pixels[0]
    }
    #expect(first(.maximum) == UInt8(127.5 / 100 + 128))
    #expect(first(.deviations) == UInt8(127.5 / (3 * deviation) + 128))
    #expect(first(.percentile) == 255)
    #expect(SignedScaling.deviations.picture(values, channels: 1, height: 20, width: 20).pixels[399] == 255)
    // Nearly all zero: the percentile is zero, and the largest value serves.
    let sparse = (0..<400).map { Float($0 == 7 ? -2 : 0) }
    #expect(SignedScaling.percentile.picture(sparse, channels: 1, height: 20, width: 20).pixels[7] == 0)
    // All the same: no deviation.
    #expect(SignedScaling.deviations.picture([2, 2], channels: 1, height: 1, width: 2).pixels == [255, 255])
  }

  // MARK: Pixels

  @Test func everyPixelOfATinySheet() throws {
    let cell = ImageSheet.Cell(picture([0, 64, 128, 255], width: 2))
    let sheet = ImageSheet(title: "tiny", columns: [], rows: [[cell]], notes: [], magnification: 3)
    let page = try sheet.picture(scale: 2)
    // A sheet is at least 160 units wide; the picture, of 6 units, is in the middle of a column of 46.
    #expect(page.width == 320 && page.channels == 1)
    let (left, top) = (2 * (6 + 20), 2 * 6)
    for y in 0..<page.height {
      for x in 0..<page.width {
        let (column, row) = ((x - left) / 6, (y - top) / 6)
        let isInside = x >= left && y >= top && column < 2 && row < 2
        let expected: UInt8 = isInside ? [0, 64, 128, 255][2 * row + column] : 255
        #expect(page.pixels[y * page.width + x] == expected, "\(x), \(y)")
      }
    }
    let file = try sheet.png(scale: 2)
    #expect(try PNG.decode(file, source: "sheet", maximumPixels: 1 << 20) == page)
    #expect(PNG.software(in: file.prefix(200)) == ImageSheet.mark)
    #expect(try sheet.png(scale: 2) == file)
  }

  @Test func oneColouredPictureMakesAColouredSheet() throws {
    let colour = ImageSheet.Cell(picture([255, 0, 0], width: 1, channels: 3))
    let grey = ImageSheet.Cell(picture([7], width: 1))
    let page = try ImageSheet(
      title: "", columns: ["a", "b"], rows: [[colour, grey]], notes: [], magnification: 2
    ).picture(scale: 1)
    #expect(page.channels == 3)
    let pixels = stride(from: 0, to: page.pixels.count, by: 3).map { Array(page.pixels[$0..<$0 + 3]) }
    #expect(pixels.count { $0 == [255, 0, 0] } == 4)
    #expect(pixels.count { $0 == [7, 7, 7] } >= 4)
  }

  @Test func lettersHaveInkWithinTheirWidth() {
    for code in 0x21...0x7E {
      guard let scalar = Unicode.Scalar(code) else { continue }
      let character = Character(scalar)
      let pieces = StrokeOutline.of(character).pieces
      #expect(!pieces.isEmpty, "\(character)")
      let width = Typeface.width(String(character), size: 10)
      for point in pieces.flatMap({ [$0.from, $0.to] }) {
        #expect(point.x >= -0.1 && point.x <= width + 0.1 && point.y > -2.3 && point.y < 7.5, "\(character) \(point)")
      }
      #expect(StrokeLetters.strokes[character] != nil, "\(character) is drawn as a box")
    }
    #expect(StrokeOutline.of("\u{E9}").pieces.count == StrokeOutline.of("e").pieces.count)
    #expect(StrokeOutline.of("\u{5D0}").pieces.count == 4)
  }

  @Test func lettersBeyondThePageAreLeftOut() {
    for (left, baseline) in [(-1e6, 5.0), (1e6, 5), (5, -1e6), (5, 1e6), (-3, -3), (18, 18)] {
      var canvas = Canvas(width: 20, height: 20, channels: 1)
      canvas.write("W", left: left, baseline: baseline, size: 12, isBold: true)
      #expect(canvas.image.width == 20)
    }
  }

  // MARK: Words

  @Test func longNamesAreBrokenAndCutOff() {
    func width(_ text: String) -> Double { Typeface.width(text, size: 10) }
    let lines = SheetLayout.lines(
      "a network with a long name", width: width("a network with"), size: 10, atMost: 3, isBold: false)
    #expect(lines == ["a network with", "a long name"])
    let broken = SheetLayout.lines("score\nnoise 0.5", width: 500, size: 10, atMost: 3, isBold: false)
    #expect(broken == ["score", "noise 0.5"])
    let cut = SheetLayout.lines("one two three four", width: width("three"), size: 10, atMost: 2, isBold: false)
    #expect(cut.count == 2 && cut[0] == "one" && cut[1].hasSuffix("..."))
    let endless = SheetLayout.lines(
      String(repeating: "x", count: 1_000_000), width: 80, size: 10, atMost: 3, isBold: false)
    #expect(endless.count == 1 && width(endless[0]) <= 80 && endless[0].hasSuffix("..."))
    #expect(SheetLayout.lines("", width: 80, size: 10, atMost: 3, isBold: false).isEmpty)
  }

  /// Also on a machine whose letters are a fifth wider than Helvetica's.
  @Test(arguments: [
    "x", "cnn-small, cross-entropy, seed 0", String(repeating: "x", count: 40), "automobile (0.99), wrong",
  ])
  func neighboursDoNotTouch(_ name: String) {
    let cell = ImageSheet.Cell(
      picture([UInt8](repeating: 9, count: 32 * 32), width: 32), [name, "fitted -0.123, -0.123"])
    let layout = SheetLayout(
      ImageSheet(
        title: "", columns: [name, name, name], rows: [[cell, cell, cell]], notes: [], magnification: 3))
    let lines = Dictionary(grouping: layout.texts, by: \.at.y).values
    #expect(lines.contains { $0.count == 3 })
    for line in lines {
      let spans = line.map { text in
        let width = Typeface.width(text.text, size: text.size, isBold: text.isBold)
        // Widened to both sides: the document says where the middle of a line is.
        let centre = text.centre ?? .nan
        return (left: centre - 0.6 * width, right: centre + 0.6 * width)
      }.sorted { $0.left < $1.left }
      for (span, next) in zip(spans, spans.dropFirst()) { #expect(span.right <= next.left, "\(line)") }
      for span in spans { #expect(span.left > 0 && span.right < layout.width, "\(line)") }
    }
  }

  /// Columns of one model differ by what is shown of it.
  @Test func ofALongNameWhatIsShownIsKept() {
    let cell = ImageSheet.Cell(picture([UInt8](repeating: 9, count: 20 * 40), width: 40), ["c"])
    let name = "cnn-small, randomized-smoothing 0.5, seed 0, and much more that nobody reads to the end of it"
    let layout = SheetLayout(
      ImageSheet(
        title: "", columns: [name, "\(name)\nsmoothgrad", "\(name)\nsmoothgrad-squared", "change by a short name"],
        rows: [[cell, cell, cell, cell]], notes: [], magnification: 2))
    let headings = Dictionary(grouping: layout.texts.filter(\.isBold), by: { $0.centre ?? 0 })
      .sorted { $0.key < $1.key }.map { $0.value.map(\.text) }
    #expect(headings.count == 4)
    #expect(headings[0].last?.hasSuffix("...") == true && headings[0].count == 5)
    #expect(headings[1].last == "smoothgrad" && headings[1].count == 5)
    #expect(headings[1].dropLast().last?.hasSuffix("...") == true)
    #expect(headings[2].joined().hasSuffix("smoothgrad-squared"))
    #expect(headings[3].joined(separator: " ") == "change by a short name")
  }

  /// In whichever face, headings and captions stand above and below the middle of their pictures; notes begin at the margin.
  @Test func whatIsCentredSaysSo() throws {
    let document = try #require(DocumentReader.read(try sheet(["a", "b"], captions: ["c"], notes: ["n"]).svg()))
    let texts = document.elements.filter { $0.name == "text" }
    let images = document.elements.filter { $0.name == "image" }
    let left = try images.map { try #require($0.attributes["x"].flatMap(Double.init)) }
    let width = try #require(images.first?.attributes["width"].flatMap(Double.init))
    #expect(texts.count { $0.attributes["text-anchor"] == "middle" } >= 4)
    for text in texts {
      let place = try #require(text.attributes["x"].flatMap(Double.init))
      if text.attributes["text-anchor"] == "middle" {
        #expect(left.contains { abs($0 + width / 2 - place) <= 1 }, "\(text.attributes)")
      } else {
        #expect(place == 6, "\(text.attributes)")
      }
    }
  }

  @Test(arguments: [
    "<script>alert(1)</script>", "\" onload=\"x", "a & b &lt; ' ]]>", "\u{202E}gnp.exe", "\u{5D0}\u{5D1}",
    "\u{0}\u{7}\u{1B}[2J",
    "\u{FFFE}", String(repeating: "long ", count: 2000),
  ])
  func namesStayNames(_ name: String) throws {
    let sheet = sheet([name, "second"], captions: [name], notes: [name])
    let svg = try sheet.svg()
    let document = try #require(DocumentReader.read(svg), "not well-formed")
    #expect(document.count("script") == 0 && document.count("image") == 2)
    #expect(document.elements.allSatisfy { $0.attributes["onload"] == nil })
    let page = try sheet.picture(scale: 1)
    #expect(page.width < 1000 && page.height < 1000)
  }

  @Test func theDocumentHoldsThePicturesThemselves() throws {
    let document = try #require(DocumentReader.read(try sheet(["a"]).svg()))
    let image = try #require(document.elements.first { $0.name == "image" })
    let reference = try #require(image.attributes["xlink:href"])
    let encoded = try #require(reference.split(separator: ",").last)
    let data = try #require(Data(base64Encoded: String(encoded)))
    let picture = try PNG.decode(data, source: "embedded", maximumPixels: 1000)
    #expect(picture.width == 6 && picture.pixels[0] == 0 && picture.pixels[5] == 64 && picture.pixels[35] == 255)
    #expect(image.attributes["width"] == "6" && image.attributes["height"] == "6")
    #expect(document.texts == ["a"])
  }

  @Test func rowsBecomeColumns() {
    let cells = (0..<6).map { ImageSheet.Cell(nil, ["\($0)"]) }
    let sheet = ImageSheet(
      title: "", columns: ["a", "b", "c"], rows: [Array(cells[0..<3]), Array(cells[3..<6])], notes: [],
      magnification: 1)
    let turned = sheet.transposed
    #expect(turned.rows == [[cells[0], cells[3]], [cells[1], cells[4]], [cells[2], cells[5]]])
    #expect(turned.rowHeadings == ["a", "b", "c"] && turned.columns == ["", ""])
  }

  @Test func aSheetThatNobodyCouldPrintIsRefused() {
    let large = ImageSheet.Cell(
      PixelImage(width: 4000, height: 10, channels: 1, pixels: [UInt8](repeating: 0, count: 40_000)))
    let sheet = ImageSheet(title: "", columns: [], rows: [[large]], notes: [], magnification: 16)
    #expect(throws: ImageError.self) { try sheet.picture(scale: 1) }
    #expect(ImageSheet.magnification(height: 20, width: 40) == 2)
    #expect(ImageSheet.magnification(height: 32, width: 32) == 3)
    #expect(ImageSheet.magnification(height: 224, width: 224) == 1)
  }
}
