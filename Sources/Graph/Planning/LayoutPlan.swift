import Tensor

/// Decides for every value of a graph how it lies in memory, so that little is moved: values that operators bind together
/// are channels last where all of them can and more is saved than lost.
package struct LayoutPlan {
  /// Of each value, a later one that lies as it does, or itself.
  private var links: [Int]
  private var isChannelsLast: [Bool]

  package func layout(of value: Graph.Value) -> ImageLayout {
    isChannelsLast[links[value.index]] ? .channelsLast : .planar
  }

  /// - Parameters:
  ///   - outputs: what others read; like inputs and constants they are planar.
  ///   - support: what the kernel of an operator can work in; of a view, nothing but planar.
  package init(_ graph: Graph, outputs: [Graph.Value], support: (Graph.Value) -> LayoutSupport) {
    links = Array(graph.nodes.indices)
    isChannelsLast = [Bool](repeating: false, count: graph.nodes.count)
    var saved = [Int](repeating: 0, count: graph.nodes.count)
    var isPlanar = [Bool](repeating: false, count: graph.nodes.count)
    for output in outputs { isPlanar[output.index] = true }
    for value in graph.values {
      guard case .apply(_, let inputs) = graph[value].source else {
        isPlanar[value.index] = true
        continue
      }
      let support = support(value)
      if let output = support.output { saved[value.index] += output } else { isPlanar[value.index] = true }
      for (number, input) in inputs.enumerated() {
        if support.likeOutput.contains(number) {
          let (own, other) = (root(value.index), root(input.index))
          links[other] = own
        } else if number == 0, let source = support.source {
          saved[input.index] += source
        } else if !support.either.contains(number) {
          isPlanar[input.index] = true
        }
      }
    }
    var total = [Int](repeating: 0, count: links.count)
    var excluded = [Bool](repeating: false, count: links.count)
    for index in links.indices {
      let root = root(index)
      links[index] = root
      total[root] += saved[index]
      if isPlanar[index] { excluded[root] = true }
    }
    for index in links.indices { isChannelsLast[index] = total[index] > 0 && !excluded[index] }
  }

  /// The last of the values that lie alike. Paths are halved on the way, or long chains would take quadratic time.
  private mutating func root(_ index: Int) -> Int {
    var root = index
    while links[root] != root {
      links[root] = links[links[root]]
      root = links[root]
    }
    return root
  }
}
