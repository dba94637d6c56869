import Foundation
import Tensor

/// An evaluation in parts: each block of images is one. A block is what the protocol compares neighbours in, and everything that is
/// measured of one needs only it and the calibrated temperature, that is the logits of all images; whoever comes first leaves those to
/// the others. What compares all images with each other (`ImageAlignment`, resamples) is done where the parts are put together,
/// from what each block kept, so that the result has the same bytes.
extension Evaluation {
  /// - Returns: how many blocks were there already, of how many.
  /// - Throws: as `run`, and `PartError`. What was measured by then is kept.
  package func measure(
    _ share: WorkShare, of subject: EvaluationSubject, in place: PartPlace, progress: any ProgressReporter
  ) throws -> (present: Int, total: Int) {
    let set = try checkedImages(for: subject)
    let all = ranges(of: set)
    let own = share.range(of: all.count).map { all[$0] }
    // Also where there is nothing to do: other options than those of the other shards are refused by all.
    let folder = try folder(of: subject, on: set, in: place)
    guard !own.isEmpty else { return (0, 0) }
    let hasStandard = measuredStandard(of: subject) != nil
    let blocks = try own.filter { try measuredBlock($0, in: folder) == nil }
    let twin = hasStandard ? try own.filter { try standardBlock($0, in: folder) == nil } : []
    let present = own.count - Set(blocks + twin).count
    guard present < own.count else { return (present, own.count) }
    let prepared = try prepare(subject, in: folder, progress: progress)
    _ = try standardBlocks(twin, of: prepared, progress: progress) { range, block in
      try folder.write(block.part, as: PartFolder.name(Self.standardKind, range))
    }
    _ = try measuredBlocks(blocks, of: prepared, progress: progress) { range, block in
      try folder.write(block.part, as: PartFolder.name(Self.blockKind, range))
    }
    return (present, own.count)
  }

  /// The result, from parts alone.
  /// - Throws: `MissingParts`, `PartError`, and as `run`.
  package func merge(
    _ subject: EvaluationSubject, from place: PartPlace, progress: any ProgressReporter
  ) throws -> EvaluationOutcome {
    let start = Date()
    let set = try checkedImages(for: subject)
    let all = ranges(of: set)
    let folder = try folder(of: subject, on: set, in: place)
    var machines: Set<String> = []
    var missing: [MissingParts.Kind] = []
    func gathered<Block>(_ what: String, _ read: (Range<Int>) throws -> Block?) rethrows -> [Block] {
      let blocks = try all.map(read)
      let absent = blocks.indices.filter { blocks[$0] == nil }
      if !absent.isEmpty {
        missing.append(.init(what: what, pieces: absent, count: all.count, images: absent.map { all[$0] }))
      }
      return blocks.compactMap { $0 }
    }
    let measured = try gathered("measurements") { try measuredBlock($0, in: folder, machines: &machines) }
    let standard =
      measuredStandard(of: subject) == nil
      ? [] : try gathered("the standard's measurements") { try standardBlock($0, in: folder, machines: &machines) }
    guard missing.isEmpty else { throw MissingParts(model: subject.record.id, kinds: missing) }
    try check(measured.map(\.layout), in: folder)
    try check(standard.map(\.layout), in: folder)
    if machines.count > 1 {
      progress.note(
        "\(subject.record.id): its parts were measured on machines of different kinds (\(machines.sorted().joined(separator: "; "))), "
          + "which round otherwise: last digits may not be those of any one of them")
    }
    let prepared = try prepare(subject, in: folder, progress: progress)
    return try outcome(of: prepared, measured, standard, since: start, progress: progress)
  }

  private static let blockKind = "block"
  private static let standardKind = "standard"

  private func folder(of subject: EvaluationSubject, on set: EvaluationImages, in place: PartPlace) throws -> PartFolder
  {
    try PartFolder(
      place, task: task.id, model: subject.record.id, kind: "evaluation",
      definition: try definition(of: subject, on: set))
  }

  private func measuredBlock(
    _ range: Range<Int>, in folder: PartFolder, machines: inout Set<String>
  ) throws -> MeasurementSuite.BlockSamples? {
    let name = PartFolder.name(Self.blockKind, range)
    return try folder.read(name, rows: range.count, machines: &machines).map {
      try MeasurementSuite.BlockSamples($0, pixels: task.imageShape.count, folder.file(name).path)
    }
  }

  private func measuredBlock(_ range: Range<Int>, in folder: PartFolder) throws -> MeasurementSuite.BlockSamples? {
    var machines: Set<String> = []
    return try measuredBlock(range, in: folder, machines: &machines)
  }

  private func standardBlock(
    _ range: Range<Int>, in folder: PartFolder, machines: inout Set<String>
  ) throws -> StandardBlock? {
    let name = PartFolder.name(Self.standardKind, range)
    return try folder.read(name, rows: range.count, machines: &machines).map {
      try StandardBlock($0, pixels: task.imageShape.count, folder.file(name).path)
    }
  }

  private func standardBlock(_ range: Range<Int>, in folder: PartFolder) throws -> StandardBlock? {
    var machines: Set<String> = []
    return try standardBlock(range, in: folder, machines: &machines)
  }

  /// - Parameter layouts: of all blocks.
  private func check(_ layouts: [[String]], in folder: PartFolder) throws(PartError) {
    guard Set(layouts).count > 1 else { return }
    throw .damaged(file: folder.url.path, problem: "holds parts with different columns")
  }
}

// MARK: Blocks as parts

private enum PartName {
  static let table = "samples/"
  static let vectors = "vectors/"
  static let second = "second/"
  static let predicted = "predicted"
  static let control = "control/"
  static let gradients = "gradients"
  static let references = "references"
}

extension MeasurementSuite.BlockSamples {
  /// What blocks have to have in common.
  fileprivate var layout: [String] {
    table.columns.map(\.name) + (vectors?.layout ?? [""]) + (secondVectors?.layout ?? [""])
  }

  fileprivate var part: Part {
    var part = Part(columns: table.named { PartName.table + $0 })
    vectors?.add(to: &part, PartName.vectors)
    secondVectors?.add(to: &part, PartName.second)
    return part
  }

  /// - Parameters:
  ///   - pixels: of an image.
  ///   - place: named in errors.
  fileprivate init(_ part: Part, pixels: Int, _ place: String) throws(PartError) {
    table = part.columns.under(PartName.table)
    vectors = try ImageAlignment.Vectors(part, PartName.vectors, pixels: pixels, place)
    secondVectors = try ImageAlignment.Vectors(part, PartName.second, pixels: pixels, place)
    if table.columns.isEmpty { throw .damaged(file: place, problem: "has no columns") }
  }
}

extension StandardBlock {
  fileprivate var layout: [String] { table.columns.map(\.name) + (vectors?.layout ?? [""]) }

  fileprivate var part: Part {
    var part = Part(columns: table.named { PartName.table + $0 })
    vectors?.add(to: &part, PartName.vectors)
    return part
  }

  fileprivate init(_ part: Part, pixels: Int, _ place: String) throws(PartError) {
    table = part.columns.under(PartName.table)
    vectors = try ImageAlignment.Vectors(part, PartName.vectors, pixels: pixels, place)
    if table.columns.isEmpty { throw .damaged(file: place, problem: "has no columns") }
  }
}

extension ImageAlignment.Vectors {
  fileprivate var layout: [String] { ["vectors"] + controls.map(\.name) }

  fileprivate func add(to part: inout Part, _ prefix: String) {
    part.arrays[prefix + PartName.gradients] = gradients
    part.arrays[prefix + PartName.references] = references
    part.columns.append(prefix + PartName.predicted, predicted.map(Double.init))
    for control in controls { part.columns.append(prefix + PartName.control + control.name, control.values) }
  }

  /// Nil where the part has none.
  fileprivate init?(_ part: Part, _ prefix: String, pixels: Int, _ place: String) throws(PartError) {
    guard let predicted = part.columns[prefix + PartName.predicted] else { return nil }
    let gradients = try part.array(prefix + PartName.gradients, place)
    let references = try part.array(prefix + PartName.references, place)
    guard gradients.shape == [predicted.count, pixels], references.shape == gradients.shape,
      predicted.allSatisfy({ $0 >= 0 && $0 < 1e9 && $0 == $0.rounded() })
    else { throw .damaged(file: place, problem: "has gradients or predictions that cannot be") }
    self.init(
      gradients: gradients, references: references, predicted: predicted.map { Int($0) },
      controls: part.columns.under(prefix + PartName.control).namedColumns)
  }
}

extension SampleTable {
  fileprivate func named(_ name: (String) -> String) -> SampleTable {
    SampleTable(namedColumns.map { (name($0.name), $0.values) })
  }

  /// Those whose names begin so, without that.
  fileprivate func under(_ prefix: String) -> SampleTable {
    SampleTable(
      namedColumns.filter { $0.name.hasPrefix(prefix) }.map { (String($0.name.dropFirst(prefix.count)), $0.values) })
  }
}
