import JSON

/// `model.json`: what a checkpoint is. Keys as in the contract.
public struct ModelDescription: Sendable, Codable, Equatable {
  public var id: String
  public var name: String
  /// The task the model was trained for.
  public var task: String?
  public var checkpoint: Checkpoint?
  /// A built-in architecture's name, or a declarative layer list (see docs/add-a-model.md).
  public var architecture: JSONValue?
  public var preprocessing: Preprocessing?
  public var claims: Claims?
  public var source: Source?

  public struct Checkpoint: Sendable, Codable, Equatable {
    /// Relative to the description's folder.
    public var file: String?
    public var url: String?
    public var sha256: String?
    public var bytes: Int?

    public init(file: String? = nil, url: String? = nil, sha256: String? = nil, bytes: Int? = nil) {
      self.file = file
      self.url = url
      self.sha256 = sha256
      self.bytes = bytes
    }
  }

  public struct Claims: Sendable, Codable, Equatable {
    /// Test accuracy in [0, 1].
    public var accuracy: Double?
    /// Accuracy of the same architecture trained without a robustness objective.
    public var standardAccuracy: Double?

    public init(accuracy: Double? = nil, standardAccuracy: Double? = nil) {
      self.accuracy = accuracy
      self.standardAccuracy = standardAccuracy
    }
  }

  public struct Source: Sendable, Codable, Equatable {
    public var paper: String?
    public var url: String?
    public var authors: String?
    public var license: String?
    /// How it was trained, in words.
    public var training: String?

    public init(
      paper: String? = nil, url: String? = nil, authors: String? = nil, license: String? = nil, training: String? = nil
    ) {
      self.paper = paper
      self.url = url
      self.authors = authors
      self.license = license
      self.training = training
    }
  }

  public init(id: String, name: String) {
    self.id = id
    self.name = name
  }
}
