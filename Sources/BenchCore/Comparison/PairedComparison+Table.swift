import Text

extension PairedComparison {
  /// One row for each quantity and model.
  package var table: Table {
    let (first, labels) = (models[0], labels)
    return Table(
      title: "Task \(first.result.task.id), \(first.result.measurementProtocol.images) images, seed "
        + "\(first.result.measurementProtocol.seed); differences are from \(PlainText.shown(labels[0])), image by image",
      columns: Self.columns,
      rows: entries.flatMap { entry in
        models.indices.map { index in
          let digits = Table.Digits.significant(3)
          return [
            .text(entry.quantity.name), .text(labels[index]), .estimate(entry.values[index], digits),
            .estimate(entry.differences[index], digits),
          ]
        }
      }, groups: "quantity")
  }

  /// Identifiers; of models with the same one, as checkpoints of one file name have, with their place among all, from 1.
  private var labels: [String] {
    let ids = models.map(\.result.model.id)
    return ids.enumerated().map { index, id in ids.count { $0 == id } > 1 ? "\(id) (\(index + 1))" : id }
  }

  /// Of every comparison's table.
  package static let columns: [Table.Column] = [
    .init("quantity", key: "quantity", isNumeric: false), .init("model", key: "model", isNumeric: false),
    .init("value", key: "value", isInterval: true), .init("difference", key: "difference", isInterval: true),
  ]

  /// What `--json` prints.
  package struct Document: Encodable, Sendable {
    package struct Model: Encodable, Sendable {
      let id: String
      let name: String
      let source: String
    }

    package struct Value: Encodable, Sendable {
      let model: String
      let value: Estimate?
      let difference: Estimate?
    }

    package struct Quantity: Encodable, Sendable {
      let name: String
      let key: String
      let models: [Value]
    }

    let task: String
    let images: Int
    let seed: UInt64
    let baseline: String
    let models: [Model]
    let quantities: [Quantity]
  }

  package var document: Document {
    let first = models[0].result
    return Document(
      task: first.task.id, images: first.measurementProtocol.images, seed: first.measurementProtocol.seed,
      baseline: first.model.id,
      models: models.map { .init(id: $0.result.model.id, name: $0.result.model.name, source: $0.source) },
      quantities: entries.map { entry in
        .init(
          name: entry.quantity.name, key: entry.quantity.key,
          models: models.indices.map {
            .init(model: models[$0].result.model.id, value: entry.values[$0], difference: entry.differences[$0])
          })
      })
  }
}
