import Text

/// The one way from a checkpoint's bytes to named tensors.
public enum CheckpointReader {
  /// Reads the tensors' names, shapes and places; their values are converted when asked for.
  /// - Parameter choice: which, where the file holds several.
  /// - Throws: `CheckpointError` for everything that is damaged, hostile, or not a state dict.
  public static func stateDict(
    of file: CheckpointFile, choosing choice: WeightsChoice = WeightsChoice()
  ) throws(CheckpointError) -> StateDict {
    let probe = FileProbe(file)
    try refuseParts(file)
    switch probe.format {
    case .pytorchZip:
      let checkpoint = try PyTorchZip(file)
      return try stateDict(checkpoint.pickle, source: checkpoint, file: file, format: .pytorchZip, choice, notes: [])
    case .pytorchLegacy:
      let checkpoint = try PyTorchLegacy(file)
      let notes =
        checkpoint.trailingBytes > 0 ? ["\(checkpoint.trailingBytes) bytes after the last storage ignored"] : []
      return try stateDict(
        checkpoint.pickle, source: checkpoint, file: file, format: .pytorchLegacy, choice, notes: notes)
    case .pickle:
      let pickle = try PickleMachine.run(ByteRegion(file.data), file: file.name, member: "pickle")
      return try stateDict(
        pickle, source: NoStorages(file: file.name), file: file, format: .pickle, choice,
        notes: pickle.end < file.byteCount ? ["\(file.byteCount - pickle.end) bytes after the pickle ignored"] : [])
    case .safetensors:
      let content = try SafetensorsReader.read(file)
      let all = FoundWeights(path: [], items: content.tensors.map { .init(name: $0.name, value: $0, isTensor: true) })
        .networks
      guard all.count > 1 || choice.isEmpty, let chosen = try ChosenWeights(of: all, choice, file: file.name) else {
        throw .unsupported(
          file: file.name, feature: "is a safetensors file, which holds the tensors of one network",
          advice: "leave --weights and --member away")
      }
      let location = chosen.found.location
      let names = try canonicalNames(chosen.found.items.map(\.value), file: file.name)
      let place = location.isEmpty ? [] : ["tensors found under `\(PlainText.shown(location))`"]
      return StateDict(
        file: file.name, format: .safetensors, location: location, weights: chosen.weights, names: names,
        otherEntries: [], unknownGlobals: [], metadata: content.metadata, notes: place + chosen.notes + names.notes)
    case .pytorchTar:
      throw .unsupported(
        file: file.name, feature: "is a tar archive, as PyTorch wrote before 0.2",
        advice: "load it in Python with torch.load and save it again with torch.save(model.state_dict(), FILE)")
    case .onnx:
      throw .unsupported(
        file: file.name, feature: "is an ONNX graph, which has no state dict", advice: "use a plugin that reads ONNX")
    case nil:
      throw .unrecognisedFormat(file: file.name, found: CheckpointFormat.describe(probe))
    }
  }

  /// Files that are parts of a checkpoint, which only their names say: what is in them is a checkpoint by itself, or nearly.
  private static func refuseParts(_ file: CheckpointFile) throws(CheckpointError) {
    if file.name.hasSuffix(".distcp") || file.name == ".metadata" {
      throw .unsupported(
        file: file.name, feature: "is a part of a checkpoint of torch.distributed.checkpoint",
        advice: DistributedCheckpoint.advice)
    }
    if let match = file.name.firstMatch(of: /-([0-9]{5})-of-([0-9]{5})\./), let count = Int(match.2), count > 1 {
      throw .unsupported(
        file: file.name, feature: "is by its name one of \(count) parts of a checkpoint",
        advice: "load the whole model and save torch.save(model.state_dict(), FILE)")
    }
  }

  private static func stateDict<Source: StorageSource>(
    _ pickle: PickleResult, source: Source, file: CheckpointFile, format: CheckpointFormat, _ choice: WeightsChoice,
    notes: [String]
  ) throws(CheckpointError) -> StateDict {
    let view = PickleView(pickle)
    var interpreter = TensorInterpreter(view: view, file: file.name, source: source)
    var search = StateDictSearch(interpreter)
    guard let chosen = try ChosenWeights(of: search.all(key: choice.key), choice, file: file.name) else {
      throw .noStateDict(file: file.name, found: describe(view.value, interpreter))
    }
    let found = chosen.found

    var tensors: [StoredTensor] = []
    var others: [String] = []
    for item in found.items {
      if let tensor = try interpreter.tensor(item.value, name: item.name) {
        tensors.append(tensor)
      } else {
        others.append("\(PlainText.shown(item.name)) = \(interpreter.summary(item.value))")
      }
    }
    if let top = found.path.first {
      for item in view.namedItems(view.value) ?? [] where item.name != top {
        others.append("\(PlainText.shown(item.name)) = \(interpreter.summary(item.value))")
      }
    }

    let location = found.location
    let place = PlainText.shown(location)
    let names = try canonicalNames(tensors, file: file.name)
    var notes = notes
    if !found.modules.isEmpty { notes.append("a whole pickled network: its tensors were read, its code was not") }
    if !location.isEmpty { notes.append("tensors found under `\(place)`") }
    notes += chosen.notes
    notes += names.notes
    if !others.isEmpty { notes.append("entries that are not the network's tensors: \(shortened(others))") }
    if !view.unknownGlobals.isEmpty {
      let globals = view.unknownGlobals.map { PlainText.shown($0) }
      notes.append("Python names kept as inert placeholders: \(shortened(globals))")
    }
    return StateDict(
      file: file.name, format: format, location: location, weights: chosen.weights, names: names, otherEntries: others,
      unknownGlobals: view.unknownGlobals, metadata: [:], modules: found.modules, notes: notes)
  }

  /// Checks names and total size, then removes what wrappers added to the names.
  private static func canonicalNames(
    _ tensors: [StoredTensor], file: String
  ) throws(CheckpointError) -> CanonicalNames {
    var total = 0
    var expanded = 0
    var seen: Set<String> = []
    for tensor in tensors {
      guard seen.insert(tensor.name).inserted else {
        throw .invalidTensor(file: file, tensor: PlainText.shown(tensor.name), problem: "occurs twice, expected once")
      }
      guard tensor.name.utf8.count <= Limits.nameBytes else {
        throw .limitExceeded(
          file: file, location: "tensor `\(PlainText.shown(tensor.name))`", quantity: "the length of its name",
          value: "\(tensor.name.utf8.count) bytes", limit: Limits.nameBytes)
      }
      // Neither sum can overflow: each tensor adds at most 2^29, and it is checked every time.
      total += tensor.elementCount
      if tensor.isExpanded { expanded += tensor.elementCount }
      guard total <= Limits.totalElements else {
        throw .limitExceeded(
          file: file, location: "tensor `\(tensor.name)`", quantity: "the number of elements up to here",
          value: "\(total)", limit: Limits.totalElements)
      }
      guard expanded <= Limits.expandedElements else {
        throw .limitExceeded(
          file: file, location: "tensor `\(tensor.name)`",
          quantity: "the number of elements in tensors that show more than they store (stride 0)",
          value: "\(expanded)", limit: Limits.expandedElements)
      }
    }
    return try CanonicalNames(tensors, file: file)
  }

  /// What there is instead of a state dict.
  private static func describe<Source>(_ value: PickleValue, _ interpreter: TensorInterpreter<Source>) -> String {
    guard let items = interpreter.view.namedItems(value), !items.isEmpty else {
      return "the file holds \(interpreter.summary(value))"
    }
    return "the file holds a dictionary with "
      + shortened(items.map { "`\(PlainText.shown($0.name))` = \(interpreter.summary($0.value))" })
  }

  private static func shortened(_ list: [String]) -> String {
    list.prefix(8).joined(separator: ", ") + (list.count > 8 ? ", and \(list.count - 8) more" : "")
  }

}
