/// The same network trained without a robustness objective: what A, K and the gain of the rule are relative to.
public struct StandardModel: Sendable {
  public var reference: StandardReference
  /// Measured on the model's images; nil where the reference states what its result says.
  public var classifier: (any Classifier)?

  /// A network that is measured with the model.
  public init(id: String, sha256: String?, classifier: any Classifier) {
    reference = StandardReference(id: id, sha256: sha256)
    self.classifier = classifier
  }

  /// A network of which a result is there.
  public init(stating reference: StandardReference) { self.reference = reference }
}
