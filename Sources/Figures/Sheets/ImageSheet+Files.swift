import Foundation
import Images

extension ImageSheet {
  /// Pixels of the picture for a user unit.
  package static let pictureScales = 1...8

  /// The document, UTF-8 with a final newline: text is text, pictures are PNG files within it. The same bytes for the same sheet.
  /// - Parameter lettering: of all text but title and description.
  /// - Throws: `ImageError`.
  package func svg(_ lettering: Lettering = .text) throws(ImageError) -> String {
    let layout = SheetLayout(self)
    let page = [SVGAttribute("width", layout.width), SVGAttribute("height", layout.height)]
    var children: [SVGNode] = [
      .element("title", [], [.text("\(Self.mark): \(title)")]),
      .element("desc", [], [.text(notes.joined(separator: " "))]),
      .element("rect", page + [SVGAttribute("fill", Colour.paper.hex)], []),
    ]
    for picture in layout.pictures {
      // Enlarged already, and said not to be smoothed: readers differ in which of the two they heed.
      let file = try PNG.encode(picture.image.magnified(by: magnification))
      children.append(
        .element(
          "image",
          picture.frame.attributes() + [
            SVGAttribute("image-rendering", "pixelated"), SVGAttribute("preserveAspectRatio", "none"),
            SVGAttribute("xlink:href", "data:image/png;base64,\(file.base64EncodedString())"),
          ], []))
    }
    for text in layout.texts {
      children.append(
        TextMark(
          text: RichText(text.text), at: Point(x: text.centre ?? text.at.x, y: text.at.y), size: text.size,
          anchor: text.centre == nil ? .start : .middle, isBold: text.isBold
        ).node)
    }
    let attributes =
      [
        SVGAttribute("xmlns", "http://www.w3.org/2000/svg"),
        SVGAttribute("xmlns:xlink", "http://www.w3.org/1999/xlink"),
      ] + page + [
        SVGAttribute("viewBox", "0 0 \(SVGNumber.text(layout.width)) \(SVGNumber.text(layout.height))"),
        SVGAttribute("font-family", Typeface.stack), SVGAttribute("role", "img"),
      ]
    let root = SVGNode.element("svg", attributes, children)
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + root.lettered(lettering).serialised() + "\n"
  }

  /// The picture, grey where nothing on it has a colour.
  /// - Parameter scale: pixels for a user unit, one of `pictureScales`; 2 gives 192 dots per inch.
  /// - Throws: `ImageError.gridTooLarge`.
  package func picture(scale: Int) throws(ImageError) -> PixelImage {
    let layout = SheetLayout(self)
    let hasColour = layout.pictures.contains { $0.image.channels == 3 }
    let (width, height, channels) = (layout.width * Double(scale), layout.height * Double(scale), hasColour ? 3 : 1)
    guard width <= 30_000, height <= 30_000, width * height * Double(channels) <= Double(Self.largestPicture) else {
      throw .gridTooLarge(
        width: Int(min(width, 1e9)), height: Int(min(height, 1e9)), maximumSide: 30_000,
        maximumBytes: Self.largestPicture)
    }
    var canvas = Canvas(width: Int(width), height: Int(height), channels: channels)
    for picture in layout.pictures {
      canvas.draw(
        picture.image, left: Int(picture.frame.left) * scale, top: Int(picture.frame.top) * scale,
        magnification: magnification * scale)
    }
    for text in layout.texts {
      canvas.write(
        text.text, left: text.at.x * Double(scale), baseline: text.at.y * Double(scale),
        size: text.size * Double(scale), isBold: text.isBold)
    }
    return canvas.image
  }

  /// In bytes: far above what a printer or a page can show.
  private static let largestPicture = 1 << 28

  /// The file of the picture, which says what made it.
  /// - Throws: `ImageError`.
  package func png(scale: Int) throws(ImageError) -> Data {
    try PNG.encode(picture(scale: scale), software: Self.mark)
  }
}

extension PixelImage {
  /// Each pixel a square of `factor` pixels.
  func magnified(by factor: Int) -> PixelImage {
    var canvas = Canvas(width: width * factor, height: height * factor, channels: channels)
    canvas.draw(self, left: 0, top: 0, magnification: factor)
    return canvas.image
  }
}
