import BenchCore
import Tensor

extension PluginMessages {
  /// The answer to `Hello` of a program that serves a score, a manifold or a metric.
  struct ReadyReference: Decodable {
    struct Properties: Decodable {
      let scaleInvariant: Bool?
      let definedAtZero: Bool?
      let smallestSide: Int?
      let channels: [Int]?
    }

    let `protocol`: Int
    let kind: String?
    let id: String
    let version: String
    /// Of a score or a manifold, where it takes images of one size alone.
    let inputShape: [Int]?
    /// Of a score that can be asked for the images of single classes.
    let classCount: Int?
    /// Of such a score: whether without a class it is that of all images.
    let knowsAllImages: Bool?
    /// Of a score: the levels it answers for, in pixel units; absent for any.
    let noises: [Double]?
    /// Of a manifold.
    let dimension: Int?
    /// Of a metric.
    let properties: Properties?
    let parameters: Int?
    let notes: [String]?
  }
}

extension PluginMessages.ReadyReference {
  /// What is wrong with an announcement; nil where it can be used.
  func problem(wanted: PluginMessages.Kind, options: ReferenceOptions) -> String? {
    if let problem = PluginMessages.problem(
      protocol: self.protocol, kind: kind, wanted: wanted, id: id, version: version, parameters: parameters)
    {
      return problem
    }
    if let inputShape, inputShape != options.imageShape.dimensions {
      return "images of shape \(Shape.words(inputShape)), those of \(options.subject) are \(options.imageShape)"
    }
    switch wanted {
    case .score:
      if let noises {
        guard (1...1000).contains(noises.count), noises.allSatisfy({ $0.isFinite && $0 > 0 }) else {
          return "noise levels that are not 1 to 1000 positive numbers"
        }
      }
      if let classCount, !(2...PluginMessages.largestClassCount).contains(classCount) {
        return "\(classCount) classes, expected 2 to \(PluginMessages.largestClassCount)"
      }
    case .manifold:
      guard let dimension, (1...options.imageShape.count).contains(dimension) else {
        return "dimension \(dimension.map(String.init) ?? "(absent)"), expected 1 to \(options.imageShape.count)"
      }
    case .metric:
      if let side = properties?.smallestSide, !(1...65_536).contains(side) { return "a smallest side of \(side)" }
      if let channels = properties?.channels, channels.isEmpty || !channels.allSatisfy({ (1...65_536).contains($0) }) {
        return "numbers of channels that are no list of positive numbers"
      }
    case .classifier: break
    }
    return nil
  }
}

extension Shape {
  /// A stranger's, cut short.
  static func words(_ extents: [Int]) -> String {
    "[" + extents.prefix(8).map(String.init).joined(separator: ", ") + (extents.count > 8 ? ", ..." : "") + "]"
  }
}
