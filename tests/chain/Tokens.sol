// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.0;

/// A token with nothing but what the tests need. Some of what is sent may be kept as a fee.
contract Token {
    event Transfer(address indexed from, address indexed to, uint256 value);

    mapping(address => uint256) public balanceOf;
    uint256 public immutable feePercent;
    uint8 public constant decimals = 6;

    constructor(uint256 percent) {
        feePercent = percent;
        balanceOf[msg.sender] = 2 ** 128;
    }

    function transfer(address to, uint256 value) public returns (bool) {
        uint256 fee = (value * feePercent) / 100;
        balanceOf[msg.sender] -= value;
        balanceOf[to] += value - fee;
        emit Transfer(msg.sender, to, value - fee);
        if (fee > 0) {
            balanceOf[address(this)] += fee;
            emit Transfer(msg.sender, address(this), fee);
        }
        return true;
    }

    /// Two transfers in one transaction.
    function twice(address to, uint256 first, uint256 second) external {
        transfer(to, first);
        transfer(to, second);
    }

    /// Sends, and then takes it all back.
    function fail(address to, uint256 value) external {
        transfer(to, value);
        revert("no");
    }
}

/// Writes logs that look like transfers of a token, and passes coins on.
contract Forger {
    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed from, address indexed to, uint256 value);

    function forge(address to, uint256 value) external {
        emit Transfer(msg.sender, to, value);
        emit Approval(msg.sender, to, value);
    }

    function pass(address payable to) external payable {
        to.transfer(msg.value);
    }
}
