import Tensor

/// A family of networks that is recognised from the names and shapes of its tensors and written down as layers.
protocol Architecture: Sendable {
  /// What messages call the family.
  static var family: String { get }
  /// What `--arch` calls the family's well-known members, for lists.
  static var names: [String] { get }
  static var summary: String { get }

  /// The tensors by which the family is told: one of each list's alternatives must be there.
  static var marks: [[String]] { get }

  /// Whether a name follows the family's pattern, also where `names` does not list it.
  static func isMember(_ name: String) -> Bool

  /// The networks that these tensors, which hold all `marks`, can belong to: none where they are another family's, more
  /// than one where tensors do not tell.
  /// - Throws: `Misfit` where they are this family's but no network of it.
  static func recognise(_ tensors: TensorShapes) throws(Misfit) -> [RecognisedNetwork]

  /// The network of a member's name that tells what tensors do not, such as a number of heads.
  /// - Returns: nil where the name tells no more than `recognise` finds.
  /// - Throws: `Misfit` where the tensors are no network of that name.
  static func recognise(_ tensors: TensorShapes, named name: String) throws(Misfit) -> RecognisedNetwork?

  /// The tensors of a new network, to be trained: `recognise` makes its layers of them.
  /// - Parameters:
  ///   - name: a member of the family.
  ///   - size: what it is made for.
  /// - Returns: nil for members that cannot be made anew.
  static func freshTensors(_ name: String, _ size: NetworkSize) -> FreshTensors?
}

extension Architecture {
  static func recognise(_ tensors: TensorShapes, named name: String) throws(Misfit) -> RecognisedNetwork? { nil }

  static func freshTensors(_ name: String, _ size: NetworkSize) -> FreshTensors? { nil }
}

/// What a new network is made for.
package struct NetworkSize: Sendable, Equatable {
  /// `[C, H, W]`.
  package var inputShape: Shape
  package var classCount: Int
  /// Channels of the first convolution; nil for the architecture's own.
  package var width: Int?

  package init(inputShape: Shape, classCount: Int, width: Int? = nil) {
    self.inputShape = inputShape
    self.classCount = classCount
    self.width = width
  }
}

/// Why tensors that look like a family's are none of its networks.
enum Misfit: Error {
  case missing(tensor: String)
  /// Completes "the tensors do not fit the architecture X: ".
  case unfit(String)
}

struct RecognisedNetwork: Sendable {
  /// Such as `"resnet18"`.
  let name: String
  /// With `ReLU` activations; a variant replaces them.
  var layers: [Layer]
  /// `[C, H, W]` that the network expects unless the task says otherwise; nil where tensors do not tell.
  let inputShape: Shape?
  /// What tells it from the other networks of the same tensors, for messages.
  var distinction = ""
  /// Tensors known to be saved with such networks though none of their layers uses them.
  var ignoredPrefixes: [String] = []
  /// Tables in the checkpoint that follow from the network's sizes, of which nothing has to be said.
  var derivedTensors: Set<String> = []
}
