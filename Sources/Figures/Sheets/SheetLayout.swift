import Images

/// Where everything of a sheet stands, in user units of 1/96 inch: the same for the document and the picture.
struct SheetLayout {
  struct Text {
    var text: String
    /// Left end of the baseline.
    var at: Point
    var size: Double
    var isBold: Bool
    /// The middle of the text where it is centred, so that it stays centred in another face than the one that it was measured in.
    var centre: Double?
  }

  struct Picture {
    var image: PixelImage
    var frame: Rectangle
  }

  private(set) var texts: [Text] = []
  private(set) var pictures: [Picture] = []
  private(set) var width = 0.0
  private(set) var height = 0.0

  private static let margin = 6.0
  private static let gap = 8.0
  /// How far a line of text may stand out of its column without touching the next one's.
  private static let spill = gap - 2
  private static let headingSize = 9.5
  private static let captionSize = 8.5
  private static let lineHeight = 1.2
  private static let headingLines = 5
  /// How much wider than Helvetica the face of a machine without it, or Arial, may be.
  private static let widening = 1.2
  private static let narrowest = 46.0
  private static let widestRowHeading = 110.0

  init(_ sheet: ImageSheet) {
    let columnCount = max(sheet.columns.count, sheet.rows.map(\.count).max() ?? 0)
    func side(_ pixels: Int) -> Double { Double(pixels * sheet.magnification) }
    // A column is as wide as its widest picture; captions may be somewhat wider, and are cut off beyond that.
    let widths = (0..<columnCount).map { column in
      let cells = sheet.rows.compactMap { $0.indices.contains(column) ? $0[column] : nil }
      let picture = cells.compactMap { $0.picture.map { side($0.width) } }.max() ?? 0
      let captions =
        cells.flatMap(\.captions).map { Self.widening * Typeface.width($0, size: Self.captionSize) }.max() ?? 0
      let least = max(Self.narrowest, picture)
      return max(least, min(captions - Self.spill, 1.35 * max(80, picture)))
    }
    let rowHeadings = sheet.rowHeadings.map {
      Self.lines($0, width: Self.widestRowHeading, size: Self.headingSize, atMost: 4, isBold: true)
    }
    let rowHeadingWidth =
      rowHeadings.joined().map { Typeface.width($0, size: Self.headingSize, isBold: true) }.max() ?? 0
    let left = Self.margin + (rowHeadingWidth > 0 ? rowHeadingWidth + Self.gap : 0)
    var lefts: [Double] = []
    var right = left
    for width in widths {
      lefts.append(right)
      right += width + Self.gap
    }
    width = max(right - Self.gap + Self.margin, 160)

    let headings = zip(sheet.columns, widths).map { Self.heading($0, width: $1) }
    let headingHeight = Double(headings.map(\.count).max() ?? 0) * Self.headingSize * Self.lineHeight
    var top = Self.margin + headingHeight
    for (column, lines) in headings.enumerated() {
      // Headings stand on one line at their lower end.
      let first = top - Double(lines.count) * Self.headingSize * Self.lineHeight
      for (index, line) in lines.enumerated() {
        write(
          line, centre: lefts[column] + widths[column] / 2,
          baseline: first + (Double(index) * Self.lineHeight + 0.9) * Self.headingSize, size: Self.headingSize,
          isBold: true)
      }
    }
    if headingHeight > 0 { top += 3 }
    for (row, cells) in sheet.rows.enumerated() {
      let pictureHeight = cells.compactMap { $0.picture.map { side($0.height) } }.max() ?? 0
      let captionCount = cells.map(\.captions.count).max() ?? 0
      for (column, cell) in cells.enumerated() {
        let centre = lefts[column] + widths[column] / 2
        if let image = cell.picture {
          // On whole units, so that the pixels of the picture fall on those of the page.
          let frame = Rectangle(
            left: (centre - side(image.width) / 2).rounded(.down), top: top.rounded(), width: side(image.width),
            height: side(image.height))
          pictures.append(Picture(image: image, frame: frame))
        }
        for (index, caption) in cell.captions.enumerated() {
          let text = Self.cut(
            caption, to: (widths[column] + Self.spill) / Self.widening + 0.01, size: Self.captionSize)
          write(
            text, centre: centre,
            baseline: top.rounded() + pictureHeight + (Double(index) * Self.lineHeight + 1.05) * Self.captionSize,
            size: Self.captionSize)
        }
      }
      if rowHeadings.indices.contains(row) {
        let lines = rowHeadings[row]
        let first = top + (pictureHeight - Double(lines.count) * Self.headingSize * Self.lineHeight) / 2
        for (index, line) in lines.enumerated() {
          texts.append(
            Text(
              text: line,
              at: Point(
                x: Self.margin, y: first + (Double(index) * Self.lineHeight + 0.9) * Self.headingSize),
              size: Self.headingSize, isBold: true))
        }
      }
      top = top.rounded() + pictureHeight + Double(captionCount) * Self.captionSize * Self.lineHeight + Self.gap
    }
    for note in sheet.notes {
      let lines = Self.lines(
        note, width: (width - 2 * Self.margin) / Self.widening, size: Self.captionSize, atMost: 12, isBold: false)
      for line in lines {
        top += Self.captionSize * Self.lineHeight
        texts.append(
          Text(text: line, at: Point(x: Self.margin, y: top - 2), size: Self.captionSize, isBold: false))
      }
    }
    width = width.rounded(.up)
    height = (top + Self.margin).rounded(.up)
  }

  /// In lines that would fit in a face that is somewhat wider too, as machines without Helvetica or Arial may have; where that cuts
  /// it, in lines that at least do not run into the next column's. Of a name with what is shown of it on a line of its own the name
  /// is cut: columns of one model would be the same without the other.
  private static func heading(_ text: String, width: Double) -> [String] {
    let end = text.lastIndex(of: "\n")
    func broken(_ width: Double) -> [String] {
      func lines(_ text: Substring, atMost count: Int) -> [String] {
        Self.lines(String(text), width: width, size: headingSize, atMost: count, isBold: true)
      }
      let kind = end.map { lines(text[$0...].dropFirst(), atMost: 2) } ?? []
      return lines(text[..<(end ?? text.endIndex)], atMost: headingLines - kind.count) + kind
    }
    let roomy = broken(width / widening)
    return roomy.contains { $0.hasSuffix("...") } ? broken(min(width, (width + spill) / widening)) : roomy
  }

  private mutating func write(
    _ text: String, centre: Double, baseline: Double, size: Double, isBold: Bool = false
  ) {
    guard !text.isEmpty else { return }
    let left = centre - Typeface.width(text, size: size, isBold: isBold) / 2
    texts.append(Text(text: text, at: Point(x: left, y: baseline), size: size, isBold: isBold, centre: centre))
  }

  /// The text in lines of at most a width, broken where it says so, at blanks and behind hyphens; what does not fit ends in dots.
  static func lines(_ text: String, width: Double, size: Double, atMost count: Int, isBold: Bool) -> [String] {
    func fits(_ line: String) -> Bool { Typeface.width(line, size: size, isBold: isBold) <= width }
    // Longer text is cut off anyway, and need not be measured word by word.
    let words = words(of: String(text.prefix(2000)))
    var lines: [String] = []
    var line = ""
    for word in words {
      if line.isEmpty || !line.hasSuffix("\n") && fits(line + word.trimmedEnd) {
        line += word
      } else {
        lines.append(line.trimmedEnd)
        line = word
      }
    }
    if !line.trimmedEnd.isEmpty { lines.append(line.trimmedEnd) }
    let isCut = lines.count > count
    lines = Array(lines.prefix(count))
    if isCut, let last = lines.popLast() { lines.append(cut(last + "...", to: width, size: size, isBold: isBold)) }
    return lines.map { cut($0, to: width, size: size, isBold: isBold) }
  }

  /// Pieces that a line may end behind.
  private static func words(of text: String) -> [String] {
    var words: [String] = []
    var word = ""
    for character in text {
      word.append(character)
      if character == " " || character == "-" || character == "\n" {
        words.append(word)
        word = ""
      }
    }
    return word.isEmpty ? words : words + [word]
  }

  /// The text, or its beginning with dots where it is too wide.
  static func cut(_ text: String, to width: Double, size: Double, isBold: Bool = false) -> String {
    guard Typeface.width(text, size: size, isBold: isBold) > width else { return text }
    let dots = "..."
    var room = width - Typeface.width(dots, size: size, isBold: isBold)
    var result = ""
    for character in text {
      room -= Typeface.width(String(character), size: size, isBold: isBold)
      guard room >= 0 else { break }
      result.append(character)
    }
    return result + dots
  }
}

extension String {
  fileprivate var trimmedEnd: String {
    var result = self
    while let last = result.last, last == " " || last == "\n" { result.removeLast() }
    return result
  }
}
