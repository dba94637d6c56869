import Text

/// Why an attack was refused or stopped.
package enum AttackError: Error, Sendable, Equatable, CustomStringConvertible {
  case unknown(id: String, known: [String])
  case invalidOption(option: String, expected: String, got: String)
  case wrongOutput(what: String)
  case nonFinite(what: String, place: Int)
  /// A clean pixel that the task says no image has.
  case outsideRange(image: Int, value: Float, low: Float, high: Float)
  /// Of an attack that looks for no radius itself.
  case noCustomaryRadius(attack: String, task: String)
  /// Images that are no planes of pixels.
  case noPlane(attack: String)
  /// A class of which the reference images hold none.
  case noImages(label: Int, of: Int)
  /// A file of attacked images that does not belong to the images.
  case wrongFile(file: String, problem: String)

  package var description: String {
    switch self {
    case .unknown(let id, let known): Nearest.unknown("there is no attack", id, among: known)
    case .invalidOption(let option, let expected, let got):
      "\(option) must be \(expected), got \(got)"
    case .wrongOutput(let what):
      "the classifier's \(what) do not have the shape that they should; the plugin does not keep its contract"
    case .nonFinite(let what, let place):
      "\(what) of image \(place) under attack is NaN or infinite; check the network for a division by zero or a root of zero"
    case .outsideRange(let image, let value, let low, let high):
      "image \(image) has a pixel \(value), expected \(low) to \(high), to which attacked images are clipped; pass --no-clip"
    case .noCustomaryRadius(let attack, let task):
      "\(attack): no radius is customary on task `\(task)`; name one with `pags-bench attack --radius`, or choose an attack that looks "
        + "for the smallest one"
    case .noPlane(let attack):
      "\(attack) moves pixels, and needs images of shape [C, H, W]; choose another --attack"
    case .noImages(let label, let count):
      "none of the first \(count) training images is of class \(label), so that there is no nearest one; take more with --reference-images"
    case .wrongFile(let file, let problem): "\(file): \(problem)"
    }
  }
}
