/// Named tensors found in a checkpoint, in the order they were saved, with everything a user should be told.
public struct StateDict: Sendable {
  /// The file's name, for errors.
  public let file: String
  public let format: CheckpointFormat
  /// Where in the file the tensors were, e.g. `state_dict[0]`; empty for the top level.
  public let location: String
  /// The same where the file holds other state dicts as well, or where it was asked for.
  public let weights: String?
  public let tensors: [StoredTensor]
  /// Prefixes that all tensors shared and that were removed, in that order, e.g. `["module.", "model."]`.
  public let strippedPrefixes: [String]
  /// The normalisation that the checkpoint carries itself.
  public let normalisation: InputNormalisation?
  /// Entries that are not tensors, as `name = value` in short form.
  public let otherEntries: [String]
  /// Python names that were kept as inert placeholders, sorted.
  public let unknownGlobals: [String]
  /// The safetensors header's metadata, sorted by key.
  public let metadata: [String: String]
  /// The modules of a network that was pickled as a whole, named as its tensors are; empty for anything else.
  public let modules: [ModuleRecord]
  /// What the file calls each of `tensors`.
  public let origins: [String]
  /// Sentences for the user about all of the above.
  public let notes: [String]

  private let indices: [String: Int]

  /// - Precondition: no two tensors share a name.
  init(
    file: String, format: CheckpointFormat, location: String, weights: String? = nil, names: CanonicalNames,
    otherEntries: [String], unknownGlobals: [String], metadata: [String: String], modules: [ModuleRecord] = [],
    notes: [String]
  ) {
    self.file = file
    self.format = format
    self.location = location
    self.weights = weights
    self.otherEntries = otherEntries
    self.unknownGlobals = unknownGlobals
    self.metadata = metadata
    self.notes = notes
    self.modules = names.renamed(modules)
    origins = names.origins
    tensors = names.tensors
    strippedPrefixes = names.strippedPrefixes
    normalisation = names.normalisation
    indices = Dictionary(uniqueKeysWithValues: names.tensors.enumerated().map { ($0.element.name, $0.offset) })
  }

  public var names: [String] { tensors.map(\.name) }

  /// The tensor of that name, nil where there is none.
  public subscript(name: String) -> StoredTensor? { indices[name].map { tensors[$0] } }

  /// The tensor of that name.
  /// - Throws: `CheckpointError.missingTensor`, which lists names that come near.
  public func tensor(_ name: String) throws(CheckpointError) -> StoredTensor {
    if let tensor = self[name] { return tensor }
    let nearest = tensors.map { (distance: Self.distance(name, $0.name), name: $0.name) }
      .sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(3)
    throw .missingTensor(file: file, tensor: name, nearest: nearest.map(\.name))
  }

  /// How unlike two names are: the characters that are left after removing the common start and the common end.
  private static func distance(_ first: String, _ second: String) -> Int {
    let (a, b) = (Array(first.utf8), Array(second.utf8))
    let start = zip(a, b).prefix { $0 == $1 }.count
    let end = zip(a.dropFirst(start).reversed(), b.dropFirst(start).reversed()).prefix { $0 == $1 }.count
    return max(a.count, b.count) - start - end
  }
}
