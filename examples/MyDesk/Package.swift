// swift-tools-version: 6.2

import PackageDescription

// A desk of your own: one dependency, your strategies, and the whole command line in your executable.
// Outside this repository, name the dependency by its address and version instead of the path.
let package = Package(
    name: "MyDesk",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "Tradewind", path: "../..")],
    targets: [
        .executableTarget(name: "MyDesk", dependencies: [.product(name: "Tradewind", package: "Tradewind")])
    ]
)
