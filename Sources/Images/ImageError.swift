/// Everything that can go wrong with images.
package enum ImageError: Error, Sendable, Equatable, CustomStringConvertible {
  /// libpng refuses the file; `reason` is its message.
  case unreadable(source: String, reason: String)
  /// libjpeg-turbo refuses the file; `reason` is its message.
  case unreadableJPEG(source: String, reason: String)
  /// The file has an alpha channel or a transparent colour.
  case transparent(source: String)
  case tooManyPixels(source: String, width: Int, height: Int, maximum: Int)
  /// libpng cannot write the image; `reason` is its message.
  case unwritable(width: Int, height: Int, reason: String)
  /// Image `index` of a grid does not have as many values as the others.
  case gridImageSize(index: Int, expected: Int, got: Int)
  case emptyGrid
  /// A side of the grid would be longer than libpng writes, or the whole unreasonably large.
  case gridTooLarge(width: Int, height: Int, maximumSide: Int, maximumBytes: Int)

  package var description: String {
    switch self {
    case .unreadable(let source, let reason):
      "\(source): not a readable PNG file: \(reason)"
    case .unreadableJPEG(let source, let reason):
      "\(source): not a readable JPEG file: \(reason)"
    case .transparent(let source):
      "\(source): the image is transparent, expected grey or RGB; flatten it first"
    case .tooManyPixels(let source, let width, let height, let maximum):
      "\(source): the image has \(width) x \(height) pixels, expected at most \(maximum) in all"
    case .unwritable(let width, let height, let reason):
      "cannot write a PNG file of \(width) x \(height) pixels: \(reason)"
    case .gridImageSize(let index, let expected, let got):
      "image \(index) of the grid has \(got) values, expected \(expected)"
    case .emptyGrid:
      "a grid needs at least one image"
    case .gridTooLarge(let width, let height, let maximumSide, let maximumBytes):
      "a grid of \(width) x \(height) pixels is too large, expected sides of at most \(maximumSide) pixels and "
        + "\(maximumBytes) bytes in all; show fewer images or magnify less"
    }
  }
}
