import ControlPlane
import Foundation
import Testing

@Suite struct HomeDirectoryTests {
    private func resolve(_ option: String?, _ environment: [String: String]) throws -> HomeDirectory {
        try HomeDirectory.resolve(option: option) { environment[$0] }
    }

    @Test func optionComesBeforeEnvironmentBeforeTheUsersDirectory() throws {
        let environment = ["TRADEWIND_HOME": "/var/two", "HOME": "/home/me"]
        #expect(try resolve("/srv/one", environment).path == "/srv/one")
        #expect(try resolve(nil, environment).path == "/var/two")
        #if os(Linux)
            #expect(try resolve(nil, ["HOME": "/home/me"]).path == "/home/me/.local/share/tradewind")
            #expect(try resolve(nil, ["HOME": "/home/me", "XDG_DATA_HOME": "/d"]).path == "/d/tradewind")
        #endif
        #expect(throws: ControlError.self) { try resolve(nil, [:]) }
        #expect(throws: ControlError.self) { try resolve("", environment) }
    }

    @Test func relativeAndLinkedPathsGetOneName() throws {
        let temporary = try TemporaryHome()
        let link = temporary.home.path + "-link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: temporary.home.path)
        #expect(HomeDirectory(path: link) == temporary.home)
        #expect(HomeDirectory(path: temporary.home.path + "/") == temporary.home)
        let current = FileManager.default.currentDirectoryPath
        #expect(HomeDirectory(path: "not-there").path == current + "/not-there")
    }

    @Test func runDirectoryMovesWhenASocketPathWouldNotFit() throws {
        let short = HomeDirectory(path: "/srv/tw", environment: { _ in nil })
        #expect(short.runDirectory == "/srv/tw/run")
        #expect(short.busSocketPath == "/srv/tw/run/bus.sock")
        let long = HomeDirectory(path: "/srv/" + String(repeating: "x", count: 90), environment: { _ in nil })
        #expect(long.runDirectory.hasPrefix("/tmp/tradewind-"))
        let other = HomeDirectory(
            path: "/srv/" + String(repeating: "y", count: 90), environment: { _ in nil })
        #expect(long.runDirectory != other.runDirectory)
        let inRuntime = HomeDirectory(path: long.path) { $0 == "XDG_RUNTIME_DIR" ? "/run/user/7" : nil }
        #expect(inRuntime.runDirectory.hasPrefix("/run/user/7/tradewind/"))
        for home in [short, long, inRuntime] {
            let name = String(repeating: "s", count: 48)
            #expect(home.socketPath(name).utf8.count < 104)
        }
    }

    @Test func createMakesPrivateDirectoriesAndRefusesOthers() throws {
        let temporary = try TemporaryHome(isInitialized: false)
        #expect(throws: ControlError.self) { try temporary.home.check() }
        try temporary.home.create()
        try temporary.home.create()
        for path in [temporary.home.path, temporary.home.runDirectory, temporary.home.logsDirectory] {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o700)
        }
        let missing = #expect(throws: ControlError.self) { try temporary.home.checkInitialized() }
        #expect(missing?.code == .notInitialized)
        #expect(missing?.description.contains("run `tradewind init`") == true)
        let file = temporary.home.path + "/file"
        try Data().write(to: URL(fileURLWithPath: file))
        let error = #expect(throws: ControlError.self) { try HomeDirectory(path: file).create() }
        #expect(error?.description.contains("is not a directory") == true)
    }

    @Test func uniqueIDsAreVersionFourUUIDs() {
        let ids = (0..<100).map { _ in makeUUID() }
        #expect(Set(ids).count == 100)
        for id in ids {
            #expect(UUID(uuidString: id)?.uuidString.lowercased() == id)
            #expect(Array(id)[14] == "4" && "89ab".contains(Array(id)[19]))
        }
    }
}
