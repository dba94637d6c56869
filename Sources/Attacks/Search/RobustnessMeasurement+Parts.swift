import BenchCore
import Foundation
import Tensor

/// An attack in parts of a few images: what is found for an image does not depend on the others, and neither does what the checks for
/// masked gradients say of it at a radius that is known beforehand. Where no radius is customary they are made at the median of all
/// radii, and so where the parts are put together.
extension RobustnessMeasurement {
  /// As few that many processes find work, as many that networks are passed full batches.
  static let imagesOfPart = 8

  /// Everything that decides what is found.
  struct Definition: Encodable {
    var toolVersion: String
    var model: PartModel
    var task: String
    var images: String
    var attack: AttackRecord
    var seed: UInt64
    var clip: [Double]?
    var grid: [Double]
    var tolerance: Double?
    /// At which the checks are made part by part; nil where they are not.
    var checkedRadius: Double?
  }

  /// Whose parts these are.
  package struct Owner: Sendable {
    package let model: ModelRecord
    let task: String
    let toolVersion: String

    package init(model: ModelRecord, task: String, toolVersion: String) {
      (self.model, self.task, self.toolVersion) = (model, task, toolVersion)
    }
  }

  /// - Returns: how many parts were there already, of how many.
  /// - Throws: as `run`, and `PartError`. What was found by then is kept.
  package func measure(
    _ share: WorkShare, of plan: AttackPlan, checksMasking: Bool, for owner: Owner, in place: PartPlace,
    progress: any ProgressReporter
  ) throws -> (present: Int, total: Int) {
    let all = partRanges
    let own = share.range(of: all.count).map { all[$0] }
    let folder = try folder(of: plan, checksMasking: checksMasking, for: owner, in: place)
    guard !own.isEmpty else { return (0, 0) }
    let checkedRadius = checkedRadius(of: plan, checksMasking: checksMasking)
    let missing = try own.filter { range in
      try folder.read(PartFolder.name(Self.kind, range), rows: range.count).map {
        try content(of: $0, range, isChecked: checkedRadius != nil, folder)
      } == nil
    }
    progress.begin(plan.attack.id, total: missing.reduce(0) { $0 + $1.count })
    _ = try Workers.map(missing.count, threads: threads) { index in
      let range = missing[index]
      let found = try plan.search.run(plan.attack, on: attacked(Array(range), progress))
      let flags = try checkedRadius.map { radius in
        try maskingChecks(of: plan).flags(
          zip(range, found).map { ($0, $1.radius) }, at: radius, progress: OnlyStopping(progress: progress))
      }
      try folder.write(part(range, found, flags), as: PartFolder.name(Self.kind, range))
      try progress.advance(by: range.count)
    }
    return (own.count - missing.count, own.count)
  }

  /// What all parts come to.
  /// - Throws: `MissingParts`, `PartError`, and as `run`.
  package func merge(
    _ plan: AttackPlan, checksMasking: Bool, for owner: Owner, from place: PartPlace, progress: any ProgressReporter
  ) throws -> Outcome {
    let all = partRanges
    let folder = try folder(of: plan, checksMasking: checksMasking, for: owner, in: place)
    let isChecked = checkedRadius(of: plan, checksMasking: checksMasking) != nil
    let contents = try all.map { range in
      try folder.read(PartFolder.name(Self.kind, range), rows: range.count).map {
        try content(of: $0, range, isChecked: isChecked, folder)
      }
    }
    let missing = contents.indices.filter { contents[$0] == nil }
    guard missing.isEmpty else {
      throw MissingParts(
        model: owner.model.id,
        kinds: [
          .init(what: plan.attack.id, pieces: missing, count: all.count, images: missing.map { all[$0] })
        ])
    }
    var flags = MaskingChecks.Flags()
    for content in contents.compactMap(\.self) {
      for (_, flag) in MaskingChecks.Flags.names { flags[keyPath: flag].formUnion(content.flags[keyPath: flag]) }
    }
    return try outcome(
      of: plan, contents.compactMap(\.self).flatMap(\.found), checksMasking: checksMasking,
      flags: isChecked ? flags : nil, progress: progress)
  }

  private static let kind = "images"
  private static let radiusColumn = "radius"
  private static let flagPrefix = "masking/"
  private static let imagesArray = "images"

  private var partRanges: [Range<Int>] {
    stride(from: 0, to: set.images.batch, by: Self.imagesOfPart).map {
      $0..<min($0 + Self.imagesOfPart, set.images.batch)
    }
  }

  /// Nil where there are no checks, or the radius follows from what is found.
  private func checkedRadius(of plan: AttackPlan, checksMasking: Bool) -> Double? {
    checksMasking && plan.attack.norm != .spatial ? plan.radii.reported.first?.radius : nil
  }

  private func folder(
    of plan: AttackPlan, checksMasking: Bool, for owner: Owner, in place: PartPlace
  ) throws -> PartFolder {
    try PartFolder.make(
      place, task: owner.task, model: owner.model.id, kind: "attack-\(plan.attack.id)",
      definition: Definition(
        toolVersion: owner.toolVersion, model: PartModel(owner.model), task: owner.task, images: set.digest,
        attack: plan.attack.record, seed: seed, clip: range.map { [Double($0.lowerBound), Double($0.upperBound)] },
        grid: plan.radii.grid, tolerance: plan.tolerance,
        checkedRadius: checkedRadius(of: plan, checksMasking: checksMasking)))
  }

  private func part(_ range: Range<Int>, _ found: [RadiusSearch.Found], _ flags: MaskingChecks.Flags?) -> Part {
    var part = Part()
    part.columns.append(Self.radiusColumn, found.map { $0.radius ?? .nan })
    if let flags {
      for (name, flag) in MaskingChecks.Flags.names {
        part.columns.append(Self.flagPrefix + name, range.map { flags[keyPath: flag].contains($0) ? 1 : 0 })
      }
    }
    part.arrays[Self.imagesArray] = Tensor(shape: [range.count, set.images.stride], scalars: found.flatMap(\.image))
    return part
  }

  private func content(
    of part: Part, _ range: Range<Int>, isChecked: Bool, _ folder: PartFolder
  ) throws(PartError) -> (found: [RadiusSearch.Found], flags: MaskingChecks.Flags) {
    let place = folder.file(PartFolder.name(Self.kind, range)).path
    let radii = try part.column(Self.radiusColumn, place)
    let images = try part.array(Self.imagesArray, place)
    guard images.shape == [range.count, set.images.stride] else {
      throw .damaged(file: place, problem: "holds images of another size")
    }
    var flags = MaskingChecks.Flags()
    if isChecked {
      for (name, flag) in MaskingChecks.Flags.names {
        let values = try part.column(Self.flagPrefix + name, place)
        flags[keyPath: flag] = Set(zip(range, values).filter { $0.1 == 1 }.map(\.0))
      }
    }
    return (
      radii.indices.map { .init(radius: radii[$0].isNaN ? nil : radii[$0], image: Array(images.item($0))) }, flags
    )
  }
}

/// Progress of work inside work: heeds a wish to stop and says nothing.
private struct OnlyStopping: ProgressReporter {
  let progress: any ProgressReporter

  func begin(_ stage: String, total: Int) {}
  func advance(by units: Int) throws { try progress.checkCancellation() }
  func note(_ text: String) { progress.note(text) }
}
